; Harbor: an all-weather book that shortens sail by the depth of the market's fall.
; Inverse volatility over four risks in fair weather, havens ranked by return in a storm.
(defsymphony "Harbor"
  {:asset-class "EQUITIES", :rebalance-frequency :daily}
  (if (> (max-drawdown "SPY" {:window 60}) 12)
    [; after a fall of more than 12 % in 60 sessions: the two havens that held best
     (group "Storm"
       [(filter (cumulative-return {:window 40}) (select-top 2)
          [(asset "BIL" nil) (asset "IEF" nil) (asset "GLD" nil) (asset "UUP" nil) (asset "DBMF" nil)])])]
  [(if (> (current-price "SPY") (exponential-moving-average-price "SPY" {:window 120}))
    [; above the slow average: four risks, the calmer ones larger
     (group "Fair weather"
       [(weight-inverse-volatility 45
          [(group "Equity"
             [(weight-equal
                [(asset "SPY" nil)
                 (filter (moving-average-return {:window 60}) (select-top 1)
                   [(asset "QQQ" nil) (asset "IWM" nil) (asset "EFA" nil) (asset "EEM" nil)])])])
           (group "Bonds"
             [(if (> (exponential-moving-average-price "TLT" {:window 20})
                    (exponential-moving-average-price "TLT" {:window 90}))
                [(asset "TLT" nil)]
                [(asset "BSV" nil)])])
           (asset "GLD" nil)
           (asset "PDBC" nil)])])]
    ; between the two: low volatility and whatever is quiet
    [(group "Overcast"
       [(weight-specified
          0.4 (asset "SPLV" nil)
          0.35 (filter (stdev-return {:window 20}) (select-bottom 2)
                 [(asset "AGG" nil) (asset "IEF" nil) (asset "GLD" nil) (asset "UUP" nil)])
          0.25 (asset "BIL" nil))])])]))

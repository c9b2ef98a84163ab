; Relay: five teams run, the two with the better quarter carry the book.
; Filters over groups, and filters and conditions inside those groups.
(defsymphony "Relay"
  {:asset-class "EQUITIES", :rebalance-frequency :daily}
  (weight-equal
    [(filter (cumulative-return {:window 63}) (select-top 2)
       [; each team is ranked on the series of its own portfolio
        (group "Growth"
          [(weight-inverse-volatility 20 [(asset "QQQ" nil) (asset "XLK" nil) (asset "SMH" nil)])])
        (group "Cyclicals"
          [(filter (moving-average-return {:window 40}) (select-top 2)
             [(asset "XLF" nil) (asset "XLE" nil) (asset "XLY" nil) (asset "IWM" nil)])])
        (group "Defenders"
          [(weight-equal
             [(asset "XLP" nil)
              (asset "SPLV" nil)
              (group "Rate play"
                [(if (> (cumulative-return "IEF" {:window 30}) (cumulative-return "BIL" {:window 30}))
                   [(asset "TLT" nil)]
                   [(asset "BIL" nil)])])])])
        (group "Havens"
          [(weight-inverse-volatility 30 [(asset "GLD" nil) (asset "UUP" nil) (asset "DBMF" nil)])])
        (group "Abroad"
          [(filter (max-drawdown {:window 90}) (select-bottom 1) [(asset "EFA" nil) (asset "EEM" nil)])])])]))

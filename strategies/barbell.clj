; Barbell: a calm core, a levered trend, and a small hedge that is bought only when fear rises.
(defsymphony "Barbell"
  {:asset-class "EQUITIES", :rebalance-frequency :daily}
  ; the tail has no other branch: in quiet markets its part stays in cash
  (weight-specified
    0.55 (group "Core"
           [(if (> (stdev-return "SPY" {:window 20}) 1.4)
              [(weight-equal [(asset "SPLV" nil) (asset "BIL" nil)])]
              [(filter (stdev-return {:window 40}) (select-bottom 2)
                 [(group "Quality"
                    [(weight-equal [(asset "MSFT" nil) (asset "AAPL" nil) (asset "GOOGL" nil)])])
                  (group "Value" [(weight-equal [(asset "VTV" nil) (asset "XLF" nil)])])
                  (group "Market" [(asset "SPY" nil)])])])])
    0.30 (group "Trend"
           [(filter (max-drawdown {:window 30}) (select-bottom 2)
              [(group "Levered growth" [(weight-specified 60 (asset "QLD" nil) 40 (asset "BIL" nil))])
               (group "Levered market" [(weight-specified 60 (asset "SSO" nil) 40 (asset "BIL" nil))])
               (asset "GLD" nil)
               (asset "DBC" nil)])])
    0.15 (group "Tail"
           [(if (and (> (current-price "VIXM") (exponential-moving-average-price "VIXM" {:window 30}))
                     (< (current-price "SPY") (exponential-moving-average-price "SPY" {:window 30})))
              [(weight-inverse-volatility 10 [(asset "VIXM" nil) (asset "BTAL" nil)])])])))

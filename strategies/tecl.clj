; TECL: technology at three times its move in bull markets, bought when oversold, left when overbought.
; First match wins; numbers are the rows of the decision table in docs/strategies.md.
(defsymphony "TECL"
  {:asset-class "EQUITIES", :rebalance-frequency :daily}
  (if (> (current-price "SPY") (moving-average-price "SPY" {:window 200}))
    [; bull 1: overbought
     (if (> (rsi "TQQQ" {:window 10}) 79)
       [(weight-specified 0.25 (asset "UVXY" nil) 0.75 (asset "BIL" nil))]
     ; bull 2
     [(if (> (rsi "SPY" {:window 10}) 80)
       [(weight-specified 0.25 (asset "UVXY" nil) 0.75 (asset "BIL" nil))]
     ; bull 3: technology leads managed futures
     [(if (> (rsi "XLK" {:window 10}) (rsi "KMLM" {:window 10}))
       [(if (> (rsi "XLK" {:window 10}) 81)
          [(asset "BIL" nil)]
          [(asset "TECL" nil)])]
     ; bull 4
     [(if (< (rsi "XLK" {:window 10}) 29)
       [(asset "TECL" nil)]
       [(asset "BIL" nil)])])])])]
  ; bear 1: oversold
  [(if (< (rsi "TQQQ" {:window 10}) 31)
    [(asset "TECL" nil)]
  ; bear 2
  [(if (< (rsi "SPXL" {:window 10}) 29)
    [(asset "SPXL" nil)]
  ; bear 3: fear runs hot
  [(if (> (rsi "UVXY" {:window 10}) 84)
    [(weight-specified 0.15 (asset "UVXY" nil) 0.85 (asset "BIL" nil))]
  ; bear 4
  [(if (> (rsi "UVXY" {:window 10}) 74)
    [(asset "BIL" nil)]
  ; bear 5: technology leads managed futures
  [(if (> (rsi "XLK" {:window 10}) (rsi "KMLM" {:window 10}))
    [(if (> (rsi "XLK" {:window 10}) 81)
       [(asset "BIL" nil)]
       [(asset "TECL" nil)])]
  ; bear 6
  [(if (< (rsi "XLK" {:window 10}) 29)
    [(asset "TECL" nil)]
    ; bear 7
    [(filter (rsi {:window 9}) (select-top 1) [(asset "SQQQ" nil) (asset "BSV" nil)])])])])])])])]))

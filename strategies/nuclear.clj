; Nuclear: overbought markets buy volatility, oversold ones buy the dip, bull markets hold nuclear energy.
; First match wins; numbers are the rows of the decision table in docs/strategies.md.
(defsymphony "Nuclear"
  {:asset-class "EQUITIES", :rebalance-frequency :daily}
  ; 1: the market is overbought
  (if (> (rsi "SPY" {:window 10}) 79)
    [(if (or (> (rsi "SPY" {:window 10}) 81)
             (> (rsi "IOO" {:window 10}) 81)
             (> (rsi "TQQQ" {:window 10}) 81)
             (> (rsi "VTV" {:window 10}) 81)
             (> (rsi "XLF" {:window 10}) 81))
       [(asset "UVXY" nil)]
       [(weight-specified 0.75 (asset "UVXY" nil) 0.25 (asset "BTAL" nil))])]
  ; 2
  [(if (> (rsi "IOO" {:window 10}) 79)
    [(if (or (> (rsi "IOO" {:window 10}) 81)
             (> (rsi "TQQQ" {:window 10}) 81)
             (> (rsi "VTV" {:window 10}) 81)
             (> (rsi "XLF" {:window 10}) 81))
       [(asset "UVXY" nil)]
       [(weight-specified 0.75 (asset "UVXY" nil) 0.25 (asset "BTAL" nil))])]
  ; 3
  [(if (> (rsi "TQQQ" {:window 10}) 79)
    [(if (or (> (rsi "TQQQ" {:window 10}) 81)
             (> (rsi "VTV" {:window 10}) 81)
             (> (rsi "XLF" {:window 10}) 81))
       [(asset "UVXY" nil)]
       [(weight-specified 0.75 (asset "UVXY" nil) 0.25 (asset "BTAL" nil))])]
  ; 4
  [(if (> (rsi "VTV" {:window 10}) 79)
    [(if (or (> (rsi "VTV" {:window 10}) 81) (> (rsi "XLF" {:window 10}) 81))
       [(asset "UVXY" nil)]
       [(weight-specified 0.75 (asset "UVXY" nil) 0.25 (asset "BTAL" nil))])]
  ; 5
  [(if (> (rsi "XLF" {:window 10}) 79)
    [(if (> (rsi "XLF" {:window 10}) 81)
       [(asset "UVXY" nil)]
       [(weight-specified 0.75 (asset "UVXY" nil) 0.25 (asset "BTAL" nil))])]
  ; 6
  [(if (> (rsi "VOX" {:window 10}) 79)
    [(weight-specified 0.75 (asset "UVXY" nil) 0.25 (asset "BTAL" nil))]
  ; 7: technology is oversold
  [(if (< (rsi "TQQQ" {:window 10}) 30)
    [(asset "TQQQ" nil)]
  ; 8: the market is oversold
  [(if (< (rsi "SPY" {:window 10}) 30)
    [(asset "UPRO" nil)]
  ; 9: a bull market holds nuclear energy; the filter is one child, so a third each
  [(if (> (current-price "SPY") (moving-average-price "SPY" {:window 200}))
    [(weight-inverse-volatility 90
       [(filter (moving-average-return {:window 90}) (select-top 3)
          [(asset "SMR" nil)
           (asset "BWXT" nil)
           (asset "LEU" nil)
           (asset "EXC" nil)
           (asset "NLR" nil)
           (asset "OKLO" nil)])])]
    ; 10: a bear market
    [(weight-inverse-volatility 14
       [(group "Bear 1"
          [(if (< (rsi "PSQ" {:window 10}) 35)
             [(asset "SQQQ" nil)]
           [(if (< (cumulative-return "QQQ" {:window 60}) -10)
             [(if (> (rsi "TLT" {:window 20}) (rsi "PSQ" {:window 20}))
                [(asset "TQQQ" nil)]
                [(asset "PSQ" nil)])]
           [(if (> (current-price "TQQQ") (moving-average-price "TQQQ" {:window 20}))
             [(if (> (rsi "TLT" {:window 20}) (rsi "PSQ" {:window 20}))
                [(asset "TQQQ" nil)]
                [(asset "SQQQ" nil)])]
           [(if (> (rsi "IEF" {:window 10}) (rsi "PSQ" {:window 20}))
             [(asset "SQQQ" nil)]
           [(if (> (rsi "TLT" {:window 20}) (rsi "PSQ" {:window 20}))
             [(asset "QQQ" nil)]
             [(asset "SQQQ" nil)])])])])])])
        (group "Bear 2"
          [(if (< (rsi "PSQ" {:window 10}) 35)
             [(asset "SQQQ" nil)]
           [(if (> (current-price "TQQQ") (moving-average-price "TQQQ" {:window 20}))
             [(if (> (rsi "TLT" {:window 20}) (rsi "PSQ" {:window 20}))
                [(asset "TQQQ" nil)]
                [(asset "SQQQ" nil)])]
           [(if (> (rsi "TLT" {:window 20}) (rsi "PSQ" {:window 20}))
             [(asset "QQQ" nil)]
             [(asset "SQQQ" nil)])])])])])])])])])])])])])]))

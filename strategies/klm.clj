; KLM ensemble: eight variants of one idea; the one whose own returns swung the most of late is followed.
; Each variant: overbought markets buy volatility, a spike rides it, oversold markets buy the dip,
; else technology or managed futures, whichever is the stronger. Its tables are in docs/strategies.md.
(defsymphony "KLM ensemble"
  {:asset-class "EQUITIES", :rebalance-frequency :daily}
  (weight-equal
    [(filter (stdev-return {:window 5}) (select-top 1)
       [(group "506/38"
          [; overbought
           (if (or (> (rsi "QQQE" {:window 10}) 79)
                   (> (rsi "VTV" {:window 10}) 79)
                   (> (rsi "VOX" {:window 10}) 79)
                   (> (rsi "TECL" {:window 10}) 79)
                   (> (rsi "VOOG" {:window 10}) 79)
                   (> (rsi "VOOV" {:window 10}) 79)
                   (> (rsi "XLP" {:window 10}) 75)
                   (> (rsi "TQQQ" {:window 10}) 79)
                   (> (rsi "XLY" {:window 10}) 80)
                   (> (rsi "FAS" {:window 10}) 80)
                   (> (rsi "SPY" {:window 10}) 80))
             [(asset "UVXY" nil)]
           ; volatility has spiked
           [(if (> (rsi "UVXY" {:window 21}) 65)
             [(if (> (rsi "SPY" {:window 21}) 30)
                [(asset "VIXM" nil)]
                [(asset "SPXL" nil)])]
           ; oversold
           [(if (< (rsi "TQQQ" {:window 10}) 30)
             [(asset "TECL" nil)]
           [(if (< (rsi "SOXL" {:window 10}) 30)
             [(asset "SOXL" nil)]
           [(if (< (rsi "SPXL" {:window 10}) 30)
             [(asset "SPXL" nil)]
           ; technology or managed futures
           [(if (> (rsi "XLK" {:window 10}) (rsi "KMLM" {:window 10}))
             [(asset "FNGU" nil)]
             [(filter (stdev-return {:window 6}) (select-bottom 1)
                [(asset "UUP" nil) (asset "FTLS" nil) (asset "KMLM" nil)])])])])])])])])
        (group "1280/26"
          [; overbought
           (if (or (> (rsi "QQQE" {:window 10}) 79)
                   (> (rsi "VTV" {:window 10}) 79)
                   (> (rsi "VOX" {:window 10}) 79)
                   (> (rsi "TECL" {:window 10}) 79)
                   (> (rsi "VOOG" {:window 10}) 79)
                   (> (rsi "VOOV" {:window 10}) 79)
                   (> (rsi "XLP" {:window 10}) 75)
                   (> (rsi "TQQQ" {:window 10}) 79)
                   (> (rsi "XLY" {:window 10}) 80)
                   (> (rsi "FAS" {:window 10}) 80)
                   (> (rsi "SPY" {:window 10}) 80))
             [(asset "UVXY" nil)]
           ; oversold
           [(if (< (rsi "TQQQ" {:window 10}) 30)
             [(asset "TECL" nil)]
           [(if (< (rsi "SOXL" {:window 10}) 30)
             [(asset "SOXL" nil)]
           [(if (< (rsi "SPXL" {:window 10}) 30)
             [(asset "SPXL" nil)]
           [(if (< (rsi "LABU" {:window 10}) 25)
             [(asset "LABU" nil)]
           ; technology or managed futures
           [(if (> (rsi "XLK" {:window 10}) (rsi "KMLM" {:window 10}))
             [(filter (rsi {:window 10}) (select-bottom 2)
                [(asset "TECL" nil) (asset "SOXL" nil) (asset "SVIX" nil)])]
             [(filter (rsi {:window 10}) (select-top 1) [(asset "SQQQ" nil) (asset "TLT" nil)])])])])])])])])
        (group "1200/28"
          [; overbought
           (if (or (> (rsi "QQQE" {:window 10}) 79)
                   (> (rsi "VTV" {:window 10}) 79)
                   (> (rsi "VOX" {:window 10}) 79)
                   (> (rsi "TECL" {:window 10}) 79)
                   (> (rsi "VOOG" {:window 10}) 79)
                   (> (rsi "VOOV" {:window 10}) 79)
                   (> (rsi "XLP" {:window 10}) 75)
                   (> (rsi "TQQQ" {:window 10}) 79)
                   (> (rsi "XLY" {:window 10}) 80)
                   (> (rsi "FAS" {:window 10}) 80)
                   (> (rsi "SPY" {:window 10}) 80))
             [(asset "UVXY" nil)]
           ; volatility has spiked
           [(if (> (rsi "UVXY" {:window 21}) 65)
             [(if (> (rsi "SPY" {:window 21}) 30)
                [(asset "VIXM" nil)]
                [(asset "SPXL" nil)])]
           ; oversold
           [(if (< (rsi "TQQQ" {:window 10}) 30)
             [(asset "TECL" nil)]
           [(if (< (rsi "SOXL" {:window 10}) 30)
             [(asset "SOXL" nil)]
           [(if (< (rsi "SPXL" {:window 10}) 30)
             [(asset "SPXL" nil)]
           ; technology or managed futures
           [(if (> (rsi "XLK" {:window 10}) (rsi "KMLM" {:window 10}))
             [(filter (rsi {:window 10}) (select-bottom 1)
                [(asset "TECL" nil) (asset "SOXL" nil) (asset "SVIX" nil)])]
             [(filter (rsi {:window 10}) (select-top 1) [(asset "SQQQ" nil) (asset "TLT" nil)])])])])])])])])
        (group "520/22"
          [; overbought
           (if (or (> (rsi "QQQE" {:window 10}) 79)
                   (> (rsi "VTV" {:window 10}) 79)
                   (> (rsi "VOX" {:window 10}) 79)
                   (> (rsi "TECL" {:window 10}) 79)
                   (> (rsi "VOOG" {:window 10}) 79)
                   (> (rsi "VOOV" {:window 10}) 79)
                   (> (rsi "XLP" {:window 10}) 75)
                   (> (rsi "TQQQ" {:window 10}) 79)
                   (> (rsi "XLY" {:window 10}) 80)
                   (> (rsi "FAS" {:window 10}) 80)
                   (> (rsi "SPY" {:window 10}) 80))
             [(asset "UVXY" nil)]
           ; volatility has spiked
           [(if (> (rsi "UVXY" {:window 21}) 65)
             [(if (> (rsi "SPY" {:window 21}) 30)
                [(asset "VIXM" nil)]
                [(asset "SPXL" nil)])]
           ; oversold
           [(if (< (rsi "TQQQ" {:window 10}) 30)
             [(asset "TECL" nil)]
           [(if (< (rsi "SOXL" {:window 10}) 30)
             [(asset "SOXL" nil)]
           [(if (< (rsi "SPXL" {:window 10}) 30)
             [(asset "SPXL" nil)]
           ; technology or managed futures
           [(if (> (rsi "XLK" {:window 10}) (rsi "KMLM" {:window 10}))
             [(filter (rsi {:window 10}) (select-bottom 1) [(asset "TECL" nil) (asset "SVIX" nil)])]
             [(filter (stdev-return {:window 6}) (select-bottom 3)
                [(asset "TMV" nil)
                 (asset "TMF" nil)
                 (asset "SVXY" nil)
                 (asset "VIXM" nil)
                 (asset "FTLS" nil)
                 (asset "KMLM" nil)
                 (asset "UUP" nil)])])])])])])])])
        (group "530/18"
          [; 1: the market is overbought
           (if (> (rsi "SPY" {:window 10}) 80)
             [(if (> (rsi "SPY" {:window 10}) 82.5)
                [(weight-specified 2 (asset "UVXY" nil) 1 (asset "VIXM" nil))]
                [(weight-equal [(asset "UVXY" nil) (asset "VXX" nil) (asset "VIXM" nil)])])]
           ; 2
           [(if (> (rsi "IOO" {:window 10}) 80)
             [(if (> (rsi "IOO" {:window 10}) 82.5)
                [(weight-specified 2 (asset "UVXY" nil) 1 (asset "VIXM" nil))]
                [(weight-equal [(asset "UVXY" nil) (asset "VXX" nil) (asset "VIXM" nil)])])]
           ; 3
           [(if (> (rsi "QQQ" {:window 10}) 79)
             [(if (> (rsi "QQQ" {:window 10}) 82.5)
                [(weight-specified 2 (asset "UVXY" nil) 1 (asset "VIXM" nil))]
                [(weight-equal [(asset "UVXY" nil) (asset "VXX" nil) (asset "VIXM" nil)])])]
           ; 4
           [(if (> (rsi "VTV" {:window 10}) 79)
             [(if (> (rsi "VTV" {:window 10}) 85)
                [(weight-equal [(asset "UVXY" nil) (asset "VXX" nil) (asset "VIXM" nil)])]
                [(weight-equal [(asset "VIXY" nil) (asset "VXX" nil) (asset "VIXM" nil)])])]
           ; 5
           [(if (> (rsi "XLP" {:window 10}) 77)
             [(if (> (rsi "XLP" {:window 10}) 85)
                [(weight-equal [(asset "UVXY" nil) (asset "VXX" nil) (asset "VIXM" nil)])]
                [(weight-equal [(asset "VIXY" nil) (asset "VXX" nil) (asset "VIXM" nil)])])]
           ; 6
           [(if (> (rsi "XLF" {:window 10}) 81)
             [(if (> (rsi "XLF" {:window 10}) 85)
                [(weight-equal [(asset "UVXY" nil) (asset "VXX" nil) (asset "VIXM" nil)])]
                [(weight-equal [(asset "VIXY" nil) (asset "VXX" nil) (asset "VIXM" nil)])])]
           ; 7
           [(if (> (rsi "RETL" {:window 10}) 82)
             [(if (> (rsi "RETL" {:window 10}) 85)
                [(weight-equal [(asset "VIXY" nil) (asset "VXX" nil) (asset "VIXM" nil)])]
                [(weight-equal [(asset "BTAL" nil) (asset "BIL" nil)])])]
           ; 8: a long climb
           [(if (> (rsi "SPY" {:window 70}) 63)
             [(weight-equal
                [(if (> (rsi "AGG" {:window 15}) (rsi "QQQ" {:window 15}))
                   [(weight-equal
                      [(asset "TQQQ" nil)
                       (asset "SPXL" nil)
                       (asset "SOXL" nil)
                       (asset "FNGU" nil)
                       (asset "ERX" nil)])]
                   [(weight-specified
                      0.5 (asset "GLD" nil)
                      0.25 (asset "SLV" nil)
                      0.25 (asset "PDBC" nil))])
                 (if (or (> (rsi "QQQ" {:window 90}) 60)
                         (> (rsi "QQQ" {:window 14}) 80)
                         (> (rsi "QQQ" {:window 5}) 90)
                         (> (rsi "QQQ" {:window 3}) 95))
                   [(asset "VIXY" nil)]
                   [(weight-specified
                      0.5 (asset "GLD" nil)
                      0.25 (asset "SLV" nil)
                      0.25 (asset "PDBC" nil))])])]
           ; 9
           [(if (or (> (rsi "VOX" {:window 10}) 79) (> (rsi "XLP" {:window 10}) 75))
             [(weight-equal [(asset "VIXY" nil) (asset "VXX" nil) (asset "VIXM" nil)])]
           ; 10: a crash
           [(if (< (cumulative-return "TQQQ" {:window 6}) -12)
             [(if (> (cumulative-return "TQQQ" {:window 1}) 5.5)
                [(weight-equal [(asset "UVXY" nil) (asset "VXX" nil) (asset "VIXM" nil)])]
              [(if (< (rsi "TQQQ" {:window 10}) 31)
                [(asset "TECL" nil)]
              [(if (< (rsi "SOXL" {:window 10}) 30)
                [(asset "SOXL" nil)]
              [(if (< (rsi "SPXL" {:window 10}) 30)
                [(asset "SPXL" nil)]
                [(group "KF"
                   [(if (> (rsi "XLK" {:window 10}) (rsi "KMLM" {:window 10}))
                      [(filter (rsi {:window 10}) (select-bottom 1)
                         [(asset "TECL" nil)
                          (asset "SVXY" nil)
                          (group "G"
                            [(weight-equal
                               [(asset "FNGU" nil)
                                (filter (moving-average-return {:window 20}) (select-top 1)
                                  [(asset "FNGU" nil)
                                   (asset "SPXL" nil)
                                   (asset "XLE" nil)
                                   (asset "XLK" nil)
                                   (asset "AGG" nil)])])])])]
                      [(filter (stdev-return {:window 6}) (select-bottom 3)
                         [(asset "SVXY" nil)
                          (asset "VIXM" nil)
                          (asset "FTLS" nil)
                          (asset "KMLM" nil)
                          (asset "UUP" nil)])])])])])])])]
           ; 11: the market has just risen through its average
           [(if (and (> (current-price "SPY") (moving-average-price "SPY" {:window 200}))
                     (< (moving-average-price "SPY" {:window 3})
                       (moving-average-price "SPY" {:window 200})))
             [(filter (rsi {:window 10}) (select-top 2)
                [(asset "TQQQ" nil) (asset "SPXL" nil) (asset "TMF" nil)])]
           ; 12: a bull market
           [(if (> (current-price "SPY") (moving-average-price "SPY" {:window 200}))
             [(group "HG"
                [(if (> (current-price "SPY") (moving-average-price "SPY" {:window 200}))
                   [(group "KF"
                      [(if (> (rsi "XLK" {:window 10}) (rsi "KMLM" {:window 10}))
                         [(filter (rsi {:window 10}) (select-bottom 1)
                            [(asset "TECL" nil)
                             (asset "SVXY" nil)
                             (group "G"
                               [(weight-equal
                                  [(asset "FNGU" nil)
                                   (filter (moving-average-return {:window 20}) (select-top 1)
                                     [(asset "FNGU" nil)
                                      (asset "SPXL" nil)
                                      (asset "XLE" nil)
                                      (asset "XLK" nil)
                                      (asset "AGG" nil)])])])])]
                         [(filter (stdev-return {:window 6}) (select-bottom 3)
                            [(asset "SVXY" nil)
                             (asset "VIXM" nil)
                             (asset "FTLS" nil)
                             (asset "KMLM" nil)
                             (asset "UUP" nil)])])])]
                 [(if (< (rsi "QQQ" {:window 10}) 31)
                   [(asset "TECL" nil)]
                 [(if (< (rsi "SPY" {:window 10}) 30)
                   [(asset "UPRO" nil)]
                 [(if (< (cumulative-return "QQQ" {:window 60}) -12)
                   [(asset "BIL" nil)]
                 [(if (> (current-price "TQQQ") (moving-average-price "TQQQ" {:window 20}))
                   [(if (< (rsi "PSQ" {:window 10}) 32.5)
                      [(asset "PSQ" nil)]
                      [(group "KF"
                         [(if (> (rsi "XLK" {:window 10}) (rsi "KMLM" {:window 10}))
                            [(filter (rsi {:window 10}) (select-bottom 1)
                               [(asset "TECL" nil)
                                (asset "SVXY" nil)
                                (group "G"
                                  [(weight-equal
                                     [(asset "FNGU" nil)
                                      (filter (moving-average-return {:window 20}) (select-top 1)
                                        [(asset "FNGU" nil)
                                         (asset "SPXL" nil)
                                         (asset "XLE" nil)
                                         (asset "XLK" nil)
                                         (asset "AGG" nil)])])])])]
                            [(filter (stdev-return {:window 6}) (select-bottom 3)
                               [(asset "SVXY" nil)
                                (asset "VIXM" nil)
                                (asset "FTLS" nil)
                                (asset "KMLM" nil)
                                (asset "UUP" nil)])])])])]
                 [(if (> (rsi "IEF" {:window 10}) (rsi "PSQ" {:window 20}))
                   [(asset "PSQ" nil)]
                   [(asset "QID" nil)])])])])])])])]
           ; 13: the market has just fallen through its average
           [(if (> (moving-average-price "SPY" {:window 3}) (moving-average-price "SPY" {:window 200}))
             [(filter (rsi {:window 10}) (select-top 2)
                [(asset "SQQQ" nil) (asset "SPXU" nil) (asset "TMF" nil) (asset "TMV" nil)])]
             ; 14: a bear market
             [(group "HG"
                [(if (> (current-price "SPY") (moving-average-price "SPY" {:window 200}))
                   [(group "KF"
                      [(if (> (rsi "XLK" {:window 10}) (rsi "KMLM" {:window 10}))
                         [(filter (rsi {:window 10}) (select-bottom 1)
                            [(asset "TECL" nil)
                             (asset "SVXY" nil)
                             (group "G"
                               [(weight-equal
                                  [(asset "FNGU" nil)
                                   (filter (moving-average-return {:window 20}) (select-top 1)
                                     [(asset "FNGU" nil)
                                      (asset "SPXL" nil)
                                      (asset "XLE" nil)
                                      (asset "XLK" nil)
                                      (asset "AGG" nil)])])])])]
                         [(filter (stdev-return {:window 6}) (select-bottom 3)
                            [(asset "SVXY" nil)
                             (asset "VIXM" nil)
                             (asset "FTLS" nil)
                             (asset "KMLM" nil)
                             (asset "UUP" nil)])])])]
                 [(if (< (rsi "QQQ" {:window 10}) 31)
                   [(asset "TECL" nil)]
                 [(if (< (rsi "SPY" {:window 10}) 30)
                   [(asset "UPRO" nil)]
                 [(if (< (cumulative-return "QQQ" {:window 60}) -12)
                   [(asset "BIL" nil)]
                 [(if (> (current-price "TQQQ") (moving-average-price "TQQQ" {:window 20}))
                   [(if (< (rsi "PSQ" {:window 10}) 32.5)
                      [(asset "PSQ" nil)]
                      [(group "KF"
                         [(if (> (rsi "XLK" {:window 10}) (rsi "KMLM" {:window 10}))
                            [(filter (rsi {:window 10}) (select-bottom 1)
                               [(asset "TECL" nil)
                                (asset "SVXY" nil)
                                (group "G"
                                  [(weight-equal
                                     [(asset "FNGU" nil)
                                      (filter (moving-average-return {:window 20}) (select-top 1)
                                        [(asset "FNGU" nil)
                                         (asset "SPXL" nil)
                                         (asset "XLE" nil)
                                         (asset "XLK" nil)
                                         (asset "AGG" nil)])])])])]
                            [(filter (stdev-return {:window 6}) (select-bottom 3)
                               [(asset "SVXY" nil)
                                (asset "VIXM" nil)
                                (asset "FTLS" nil)
                                (asset "KMLM" nil)
                                (asset "UUP" nil)])])])])]
                 [(if (> (rsi "IEF" {:window 10}) (rsi "PSQ" {:window 20}))
                   [(asset "PSQ" nil)]
                   [(asset "QID" nil)])])])])])])])])])])])])])])])])])])])])])
        (group "410/38"
          [; overbought
           (if (or (> (rsi "QQQE" {:window 10}) 79)
                   (> (rsi "VTV" {:window 10}) 79)
                   (> (rsi "VOX" {:window 10}) 79)
                   (> (rsi "TECL" {:window 10}) 79)
                   (> (rsi "VOOG" {:window 10}) 79)
                   (> (rsi "VOOV" {:window 10}) 79)
                   (> (rsi "XLP" {:window 10}) 75)
                   (> (rsi "TQQQ" {:window 10}) 79)
                   (> (rsi "XLY" {:window 10}) 80)
                   (> (rsi "FAS" {:window 10}) 80)
                   (> (rsi "SPY" {:window 10}) 80))
             [(asset "UVXY" nil)]
           ; volatility has spiked
           [(if (> (rsi "UVXY" {:window 21}) 65)
             [(if (> (rsi "SPY" {:window 21}) 30)
                [(asset "VIXM" nil)]
                [(asset "SPXL" nil)])]
           ; oversold
           [(if (< (rsi "TQQQ" {:window 10}) 30)
             [(asset "TECL" nil)]
           [(if (< (rsi "SOXL" {:window 10}) 30)
             [(asset "SOXL" nil)]
           [(if (< (rsi "SPXL" {:window 10}) 30)
             [(asset "SPXL" nil)]
           ; technology or managed futures
           [(if (> (rsi "XLK" {:window 10}) (rsi "KMLM" {:window 10}))
             [(asset "FNGU" nil)]
             [(filter (stdev-return {:window 6}) (select-bottom 1)
                [(asset "UUP" nil) (asset "FTLS" nil) (asset "KMLM" nil)])])])])])])])])
        (group "Nova"
          [; overbought
           (if (or (> (rsi "QQQE" {:window 10}) 79)
                   (> (rsi "VTV" {:window 10}) 79)
                   (> (rsi "VOX" {:window 10}) 79)
                   (> (rsi "TECL" {:window 10}) 79)
                   (> (rsi "VOOG" {:window 10}) 79)
                   (> (rsi "VOOV" {:window 10}) 79)
                   (> (rsi "XLP" {:window 10}) 75)
                   (> (rsi "TQQQ" {:window 10}) 79)
                   (> (rsi "XLY" {:window 10}) 80)
                   (> (rsi "FAS" {:window 10}) 80)
                   (> (rsi "SPY" {:window 10}) 80))
             [(asset "UVXY" nil)]
           ; volatility has spiked
           [(if (> (rsi "UVIX" {:window 21}) 65)
             [(if (> (rsi "SPY" {:window 21}) 30)
                [(asset "VIXM" nil)]
                [(asset "SPXL" nil)])]
           ; oversold
           [(if (< (rsi "TQQQ" {:window 10}) 30)
             [(asset "TECL" nil)]
           [(if (< (rsi "SOXL" {:window 10}) 30)
             [(asset "SOXL" nil)]
           [(if (< (rsi "SPXL" {:window 10}) 30)
             [(asset "SPXL" nil)]
           ; technology or managed futures
           [(if (> (rsi "XLK" {:window 10}) (rsi "KMLM" {:window 10}))
             [(filter (rsi {:window 11}) (select-top 1)
                [(asset "FNGO" nil)
                 (asset "TSLA" nil)
                 (asset "MSFT" nil)
                 (asset "AAPL" nil)
                 (asset "NVDA" nil)
                 (asset "GOOGL" nil)
                 (asset "AMZN" nil)])]
             [(filter (stdev-return {:window 6}) (select-bottom 1)
                [(asset "UUP" nil) (asset "FTLS" nil) (asset "KMLM" nil)])])])])])])])])
        (group "830/21"
          [; overbought
           (if (or (> (rsi "QQQE" {:window 10}) 79)
                   (> (rsi "VTV" {:window 10}) 79)
                   (> (rsi "VOX" {:window 10}) 79)
                   (> (rsi "TECL" {:window 10}) 79)
                   (> (rsi "VOOG" {:window 10}) 79)
                   (> (rsi "VOOV" {:window 10}) 79)
                   (> (rsi "XLP" {:window 10}) 75)
                   (> (rsi "TQQQ" {:window 10}) 79)
                   (> (rsi "XLY" {:window 10}) 80)
                   (> (rsi "FAS" {:window 10}) 80)
                   (> (rsi "SPY" {:window 10}) 80))
             [(asset "UVXY" nil)]
           ; volatility has spiked
           [(if (> (rsi "UVXY" {:window 21}) 65)
             [(if (> (rsi "SPY" {:window 21}) 30)
                [(asset "VIXM" nil)]
                [(asset "SPXL" nil)])]
           ; oversold
           [(if (< (rsi "TQQQ" {:window 10}) 30)
             [(asset "TECL" nil)]
           [(if (< (rsi "SOXL" {:window 10}) 30)
             [(asset "SOXL" nil)]
           [(if (< (rsi "SPXL" {:window 10}) 30)
             [(asset "SPXL" nil)]
           ; technology or managed futures
           [(if (> (rsi "XLK" {:window 10}) (rsi "KMLM" {:window 10}))
             [(filter (rsi {:window 10}) (select-top 1)
                [(asset "TECL" nil) (asset "SOXL" nil) (asset "SVIX" nil)])]
           [(if (> (moving-average-return "BND" {:window 20}) 0)
             [(filter (rsi {:window 10}) (select-bottom 1) [(asset "KMLM" nil) (asset "SPLV" nil)])]
             [(filter (rsi {:window 10}) (select-top 1)
                [(asset "TLT" nil) (asset "LABD" nil) (asset "TZA" nil)])])])])])])])])])])]))

//! Figures: recorders, histograms, intervals, thresholds and statistics.

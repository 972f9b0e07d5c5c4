//! Keys read from each form of file, and what is said of those that do not fit.

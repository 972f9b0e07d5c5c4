//! HTTP clients that the load engine sends through.

//! Record crypto.

//! The differential oracle: what does OpenSSL answer to this sequence of calls, and do we answer the same?
//!
//! A [`Schedule`](schedule::Schedule) is a list of application calls, transport movements and peer actions.
//! The [`runner`] plays it on any library that implements [`Subject`](subject::Subject), against a peer, and
//! records a [`Trace`](trace::Trace) with everything an application or a transport can observe. Two traces
//! are compared step by step; a difference is shrunk to a short schedule and saved in a file that replays.
//!
//! | module | what |
//! | --- | --- |
//! | [`subject`] | the calls and questions both libraries offer, in OpenSSL's numbers |
//! | [`ossl`] | OpenSSL 3.6, vendored, each end on a BIO pair of chosen capacity |
//! | [`model`] | the reference model: the rules as code, without cryptography |
//! | [`schedule`] | steps, their text form, and the random strategy |
//! | [`runner`], [`trace`] | playing a schedule, and comparing two runs |
//! | [`campaign`] | many random schedules, shrinking, reporting |
//! | [`pipe`] | the face of a BIO pair alone |
//! | [`lab`] | a hand-driven pair of ends for the rule tests |
//! | [`rules`] | the rules without a test, or without one on wantls, and why |
//! | [`wantls`] | our library as the subject and as the peer, and where it differs by choice |

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "the whole package is a test")]

pub mod arena;
pub mod campaign;
pub mod lab;
pub mod model;
pub mod ossl;
pub mod pipe;
pub mod rules;
pub mod runner;
pub mod schedule;
pub mod setup;
pub mod subject;
pub mod trace;
pub mod wantls;

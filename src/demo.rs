//! The demo: a small public web of the project's own writing, served on loopback, and the config to watch it.
//!
//! In: a clock reading. Out: sites that answer real HTTP (feeds, lists, a board, articles in seven layouts),
//! the config files of a station that watches them, and searches worth showing. Everything in it is invented:
//! enterprise, places, media, persons, happenings. It knows nothing of crawling and asks nothing of the network.

pub mod answers;
pub mod cases;
mod content;
mod render;
mod serve;
mod setup;
mod view;

pub use content::{Behaviour, ContentError, Entry, PageText, Reply, SITE_KEYS, SiteText, sites};
pub use render::{RenderError, Served, render_site};
pub use serve::{DemoSite, serve, serve_at};
pub use setup::{TourStop, config_files, tour};

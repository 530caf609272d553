//! The public board, for everybody who reaches the console: a page and a feed, without a login.
//!
//! In: nothing. Out: the board, or the page that says there is none. It is made at most once a minute, whoever asks.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::act;
use super::saved::ATOM;
use crate::desk::public::PublicBoard;
use crate::serve::Console;
use crate::serve::guard::Visit;

/// How long a board is shown before it is made anew.
const FRESH: Duration = Duration::from_secs(60);

/// The board as it was last made.
#[derive(Default)]
pub(in crate::serve) struct Board(Mutex<Option<(Instant, Arc<PublicBoard>)>>);

impl Board {
    fn fresh(&self) -> Option<Arc<PublicBoard>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(made, _)| made.elapsed() < FRESH).map(|(_, board)| board.clone())
    }

    fn keep(&self, board: &Arc<PublicBoard>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((Instant::now(), board.clone()));
    }
}

async fn board(console: &Console, visit: &Visit) -> Result<Arc<PublicBoard>, Box<Response>> {
    if let Some(board) = console.board.fresh() {
        return Ok(board);
    }
    let nowhere = || Box::new(console.pages.refused(visit, StatusCode::NOT_FOUND, "nowhere"));
    let made = act(console, visit, |desk, _| desk.public_board()).await?;
    let made = Arc::new(made.ok_or_else(nowhere)?);
    console.board.keep(&made);
    Ok(made)
}

pub(super) async fn page(State(console): State<Arc<Console>>, visit: Visit) -> Response {
    match board(&console, &visit).await {
        Ok(board) => console.pages.show("public", &visit, &*board),
        Err(page) => *page,
    }
}

pub(super) async fn feed(State(console): State<Arc<Console>>, visit: Visit) -> Response {
    let base = console.front.base();
    let board = match board(&console, &visit).await {
        Ok(board) => board,
        Err(page) => return *page,
    };
    match board.feed(&base) {
        Ok(feed) => ([(header::CONTENT_TYPE, ATOM)], feed).into_response(),
        Err(error) => console.pages.failed(&visit, &error.into()),
    }
}

//! Values of the store's dialect as the server's, and back.
//!
//! In: cells, rows of the server. Out: the same as the other reads them. Values go as text, so that the server decides of
//! what type they are; a column of a type that the dialect does not have is refused, never read as nothing.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::Row;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

use crate::store::sql::{Cell, Cells};
use crate::store::{Result, StoreError};

/// A cell on its way to the server.
#[derive(Debug)]
pub(super) struct Value<'a>(pub Cell<'a>);

impl ToSql for Value<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Cell::Null => return Ok(IsNull::Yes),
            Cell::Int(n) => out.extend_from_slice(n.to_string().as_bytes()),
            // No text there holds the character zero, which SQLite keeps; it goes as the sign for what cannot be shown.
            Cell::Text(text) if text.contains('\0') => {
                out.extend_from_slice(text.replace('\0', "\u{FFFD}").as_bytes());
            }
            Cell::Text(text) => out.extend_from_slice(text.as_bytes()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// A row as it was heard.
pub(super) struct Heard(pub Row);

impl Cells for Heard {
    fn cell(&self, at: usize) -> Result<Cell<'_>> {
        let corrupt =
            |cause: String| StoreError::Corrupt { what: format!("column {at} of a row"), cause };
        let Some(column) = self.0.columns().get(at) else {
            return Err(corrupt("there is no such column".to_owned()));
        };
        let unread = |e: tokio_postgres::Error| corrupt(e.to_string());
        let number = |n: Option<i64>| n.map_or(Cell::Null, Cell::Int);
        Ok(match *column.type_() {
            Type::INT8 => number(self.0.try_get(at).map_err(unread)?),
            Type::INT4 => {
                number(self.0.try_get::<_, Option<i32>>(at).map_err(unread)?.map(i64::from))
            }
            Type::INT2 => {
                number(self.0.try_get::<_, Option<i16>>(at).map_err(unread)?.map(i64::from))
            }
            Type::BOOL => {
                number(self.0.try_get::<_, Option<bool>>(at).map_err(unread)?.map(i64::from))
            }
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN => {
                let text: Option<&str> = self.0.try_get(at).map_err(unread)?;
                text.map_or(Cell::Null, Cell::Text)
            }
            ref other => return Err(corrupt(format!("it is of the type `{other}`"))),
        })
    }
}

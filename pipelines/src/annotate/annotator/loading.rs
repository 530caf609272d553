//! The parts of an annotator, read from config.

use super::super::lexicon::Lexicon;
use super::super::model::Model;
use super::super::officer::{OfficerJudge, OfficerModel, PartyJudge};
use super::super::polarity::JudgeError;
use super::{AnnotateError, AnnotatorConfig};
use crate::text::Segmenter;
use crate::words::Cutter;

/// The officer's judge, where its model is among those of `config`.
pub(super) fn officer(config: &AnnotatorConfig) -> Result<Option<OfficerJudge>, AnnotateError> {
    let model = config.models.iter().find(|(_, bytes)| OfficerModel::is_one(bytes));
    let Some((name, bytes)) = model else { return Ok(None) };
    let lexicons = config.lexicons.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let lexicon = Lexicon::read(lexicons).map_err(JudgeError::from)?;
    let of_parties =
        |(_, bytes): &&(String, Vec<u8>)| Model::name_of(bytes) == Some(PartyJudge::NAME);
    let party = config.models.iter().find(of_parties);
    let party = party.map(|(name, bytes)| PartyJudge::load(name, bytes)).transpose()?;
    Ok(Some(OfficerJudge::load(name, bytes, lexicon)?.with_parties(party)))
}

/// The stage of words, with the names of the subjects kept whole.
pub(super) fn cutter(config: &AnnotatorConfig) -> Result<Cutter, AnnotateError> {
    let files = config.lexicons.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let lexicon = Lexicon::read(files).map_err(JudgeError::from)?;
    let names = config.subjects.iter().flat_map(|s| s.names().map(str::to_owned));
    Ok(Cutter::new(Segmenter::new(names), lexicon))
}

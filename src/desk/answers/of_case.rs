//! Between cases and answers on record: an entry taken into the draft of a case, a published answer put on record.
//!
//! In: a case, an entry. Out: the fields of the step with the entry's text and number; the number of the new draft. What
//! is taken is in force at that moment; what is put on record was published, and waits for its second person like any
//! other.

use super::number_of;
use crate::answers::{Kind, Refusal, Wording};
use crate::cases::{Case, Fields, Refusal as CaseRefusal, Step};
use crate::desk::cases::sheet::FormRow;
use crate::desk::{Act, Desk, DeskError, Result, Who};
use crate::store::CaseLink;

/// Posts of a case that go along as examples.
const EXAMPLES: usize = 20;

/// What of answers on record belongs to a case.
#[derive(Clone, Debug, serde::Serialize)]
pub struct CaseAnswers {
    /// The entry that its published answer is.
    pub on_record: Option<i64>,
    /// Whether it has a published answer that this person may put on record.
    pub may_record: bool,
}

impl Desk {
    /// What a case has on record, and whether its answer can be put there.
    ///
    /// # Errors
    /// `Unknown`; a broken store.
    pub fn case_answers(&self, who: &Who, number: &str) -> Result<CaseAnswers> {
        self.check(who, Act::SeeAnswers)?;
        let case = self.case_of(who, number)?;
        let on_record = self.on_record(&case)?;
        let may = who.may(Act::WriteAnswer) && published(&case).is_some();
        Ok(CaseAnswers { may_record: may && on_record.is_none(), on_record })
    }

    /// Puts the published answer of a case on record, with what it rests on; the number of the draft.
    ///
    /// # Errors
    /// `Unknown`; `Answer` where none was published, or it is on record already.
    pub fn record_case_answer(&self, who: &Who, number: &str) -> Result<i64> {
        self.check(who, Act::WriteAnswer)?;
        let case = self.case_of(who, number)?;
        let number = case.number.clone();
        let Some(address) = published(&case) else {
            return Err(Refusal::NotPublished { number }.into());
        };
        if let Some(number) = self.on_record(&case)? {
            return Err(Refusal::OnRecord { number }.into());
        }
        let wording = self.of_case(&case, address)?;
        if !self.is_of_units(who, &wording) {
            return Err(Refusal::NotYours.into());
        }
        self.put_new(who, &wording, Some(&number))
    }

    fn of_case(&self, case: &Case, address: &str) -> Result<Wording> {
        let is_false = case.field("facts") == "false";
        let links = self.store.case_links(&case.number)?;
        let posts = links.into_iter().filter_map(|link| match link {
            CaseLink::Post(id) => Some(id),
            _ => None,
        });
        let details = case.field("details");
        let told = if details.is_empty() { case.field("title") } else { details };
        let mut evidence = vec![address.to_owned()];
        for original in case.field("originals").split_whitespace() {
            if !evidence.iter().any(|known| known == original) {
                evidence.push(original.to_owned());
            }
        }
        Ok(Wording {
            kind: if is_false { Kind::Rumour } else { Kind::Statement },
            title: case.field("title").to_owned(),
            claim: if is_false { told.to_owned() } else { String::new() },
            text: case.field("answer").to_owned(),
            units: case.field("units").split_whitespace().map(str::to_owned).collect(),
            topics: Vec::new(),
            posts: posts.take(EXAMPLES).collect(),
            evidence,
            until: None,
        })
    }

    fn on_record(&self, case: &Case) -> Result<Option<i64>> {
        let entries = self.entries_on_record()?;
        let found = entries.iter().find(|entry| entry.case.as_deref() == Some(&case.number));
        Ok(found.map(|entry| entry.number))
    }

    /// The cases that took an entry into their answer, latest first.
    pub(super) fn taken_by(&self, who: &Who, number: i64) -> Result<Vec<String>> {
        let mut taken = Vec::new();
        for row in self.store.cases()? {
            let case = crate::desk::cases::read(&row)?;
            if number_of(case.field("quoted")) == Some(number) {
                match self.case_of(who, &row.number) {
                    Ok(_) => taken.push(row.number),
                    // Of another unit.
                    Err(DeskError::Unknown { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(taken)
    }

    /// The fields of a step with the entry that was taken: its number with its version, and its text where none was typed.
    pub(in crate::desk) fn with_answer_taken(
        &self,
        who: &Who,
        step: Step,
        mut fields: Fields,
    ) -> Result<Fields> {
        let quoted = fields.get("quoted").filter(|typed| !typed.trim().is_empty()).cloned();
        let Some(quoted) = quoted.filter(|_| step == Step::Submit) else { return Ok(fields) };
        self.check(who, Act::SeeAnswers)?;
        let taken = number_of(&quoted).map(|number| self.answer_in_force(number));
        let (entry, held) = match taken {
            Some(Ok(taken)) => taken,
            None | Some(Err(DeskError::Unknown { .. })) => {
                let field = "quoted".to_owned();
                return Err(self.refused(CaseRefusal::Wrong { field, value: quoted }));
            }
            Some(Err(error)) => return Err(error),
        };
        fields.insert("quoted".to_owned(), format!("{}/{}", entry.number, held.version));
        let said = |name: &str| fields.get(name).is_some_and(|text| !text.trim().is_empty());
        if !said("answer") && !said("private_why") {
            fields.insert("answer".to_owned(), held.wording.text);
        }
        Ok(fields)
    }

    /// The form of the answer with an entry taken into it; nothing is noted before the form is.
    ///
    /// # Errors
    /// `Unknown` for an entry that is not in force.
    pub fn take_answer(&self, who: &Who, forms: &mut [FormRow], number: &str) -> Result<()> {
        self.check(who, Act::SeeAnswers)?;
        let unknown = || DeskError::Unknown { what: "answer", id: number.to_owned() };
        let (entry, held) = self.answer_in_force(number_of(number).ok_or_else(unknown)?)?;
        put_into(forms, "quoted", &format!("{}/{}", entry.number, held.version), false);
        put_into(forms, "answer", &held.wording.text, true);
        Ok(())
    }

    /// The form of the answer with a template put into it.
    ///
    /// # Errors
    /// `Unknown` for a template that there is none of.
    pub fn take_template(&self, who: &Who, forms: &mut [FormRow], id: &str) -> Result<()> {
        self.check(who, Act::SeeAnswers)?;
        let unknown = || DeskError::Unknown { what: "template", id: id.to_owned() };
        let text = super::aids::template(id, who.lang).ok_or_else(unknown)?;
        put_into(forms, "answer", &text, true);
        Ok(())
    }
}

/// Where the answer of a case stands, where one was published.
fn published(case: &Case) -> Option<&str> {
    let is_out = case.answered.is_some() && !case.field("answer").is_empty();
    Some(case.field("address")).filter(|address| is_out && !address.is_empty())
}

/// Puts a value into the form that submits an answer, beneath what stands there.
fn put_into(forms: &mut [FormRow], name: &str, value: &str, beneath: bool) {
    let fields = forms.iter_mut().filter(|form| form.step == Step::Submit);
    for field in fields.flat_map(|form| &mut form.fields).filter(|field| field.name == name) {
        if !beneath || field.value.trim().is_empty() {
            value.clone_into(&mut field.value);
        } else if !field.value.contains(value) {
            field.value = format!("{}\n\n{value}", field.value.trim_end());
        }
    }
}

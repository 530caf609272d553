//! Who is spoken of: finds the enterprise and its units by their alias sets.
//!
//! In: folded text. Out: places at which a subject is named, as byte ranges of the folded text. Where a name
//! counts is decided by [`Naming`], as for `@` in queries; here a unit named right behind its group counts for
//! the unit only. Refuses sets of subjects that cannot be told apart.

use std::collections::HashMap;

use super::AnnotateError;
use crate::query::{Named, Naming};
use crate::record::{Subject, SubjectId};
use crate::text::{Folded, fold};

/// Finds subjects in folded text. Cheap to share between threads.
pub struct SubjectFinder {
    subjects: Vec<Subject>,
    ancestors: Vec<Vec<usize>>,
    naming: Naming,
}

impl SubjectFinder {
    /// Builds the automaton.
    ///
    /// # Errors
    /// Two subjects with one id or one name, a parent that does not exist, or a circle of parents.
    pub fn new(subjects: Vec<Subject>) -> Result<Self, AnnotateError> {
        let ancestors = ancestors_of(&subjects)?;
        let mut holders: HashMap<String, usize> = HashMap::new();
        for (index, subject) in subjects.iter().enumerate() {
            for name in subject.names() {
                let holder = *holders.entry(fold(name).text().trim().to_owned()).or_insert(index);
                if holder != index {
                    return Err(AnnotateError::SameName {
                        name: name.to_owned(),
                        first: subjects[holder].id.clone(),
                        second: subject.id.clone(),
                    });
                }
            }
        }
        let naming = Naming::new(&subjects);
        Ok(Self { subjects, ancestors, naming })
    }

    /// The subjects, in the order of config.
    #[must_use]
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// Every place of `original`, given with its folded form, at which a subject is named, in order.
    #[must_use]
    pub fn find(&self, original: &str, folding: &Folded) -> Vec<Named> {
        let mut found = Vec::new();
        for named in self.naming.places(original, folding) {
            self.push(&mut found, named);
        }
        found
    }

    /// A unit named right behind its group (云岭矿业集团南关煤矿) counts for the unit only.
    fn push(&self, found: &mut Vec<Named>, named: Named) {
        if let Some(last) = found.last_mut()
            && last.range.end == named.range.start
            && self.ancestors[named.subject].contains(&last.subject)
        {
            last.subject = named.subject;
            last.range.end = named.range.end;
            return;
        }
        found.push(named);
    }
}

/// For each subject its parents, nearest first.
fn ancestors_of(subjects: &[Subject]) -> Result<Vec<Vec<usize>>, AnnotateError> {
    let mut by_id: HashMap<&SubjectId, usize> = HashMap::new();
    for (index, subject) in subjects.iter().enumerate() {
        if by_id.insert(&subject.id, index).is_some() {
            return Err(AnnotateError::SameSubject(subject.id.clone()));
        }
    }
    let mut all = Vec::with_capacity(subjects.len());
    for subject in subjects {
        let mut chain = Vec::new();
        let mut next = subject.parent.as_ref();
        while let Some(parent) = next {
            let &index = by_id.get(parent).ok_or_else(|| AnnotateError::NoSuchParent {
                subject: subject.id.clone(),
                parent: parent.clone(),
            })?;
            if chain.len() > subjects.len() {
                return Err(AnnotateError::CircleOfParents(subject.id.clone()));
            }
            chain.push(index);
            next = subjects[index].parent.as_ref();
        }
        all.push(chain);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(id: &str, name: &str, short: &[&str], parent: Option<&str>) -> Subject {
        Subject {
            id: id.into(),
            name: name.into(),
            short_names: short.iter().map(|s| (*s).to_owned()).collect(),
            parent: parent.map(Into::into),
            ..Subject::default()
        }
    }

    fn subjects() -> Vec<Subject> {
        let mut group =
            subject("group", "云岭矿业集团有限公司", &["云岭矿业集团", "云岭矿业", "云矿"], None);
        group.codes = vec!["YLKY".into(), "600001".into()];
        group.homophones = vec!["运岭矿业".into()];
        group.exclude = vec!["云岭矿业大学".into(), "云矿科技".into()];
        let mut mine = subject("nanguan", "云岭矿业集团南关煤矿", &["南关煤矿"], Some("group"));
        mine.places = vec!["云岭市".into()];
        mine.exclude = vec!["贵州".into(), "毕节".into()];
        let power = subject("power", "云岭热电有限公司", &["云岭热电"], Some("group"));
        vec![group, mine, power]
    }

    fn check(text: &str, expected: &[(&str, &str)]) {
        let finder = SubjectFinder::new(subjects()).unwrap();
        let folded = fold(text);
        let found: Vec<(String, &str)> = finder
            .find(text, &folded)
            .into_iter()
            .map(|n| {
                let (start, end) = folded.original_span(n.range.start, n.range.end);
                (finder.subjects()[n.subject].id.0.clone(), &text[start..end])
            })
            .collect();
        let found: Vec<(&str, &str)> = found.iter().map(|(id, t)| (id.as_str(), *t)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn the_longest_name_counts_once() {
        check("云岭矿业集团今日开会", &[("group", "云岭矿业集团")]);
        check(
            "云岭矿业集团有限公司与云岭矿业",
            &[("group", "云岭矿业集团有限公司"), ("group", "云岭矿业")],
        );
        check("运岭矿业又欠薪了", &[("group", "运岭矿业")]);
        check("今天天气不错", &[]);
    }

    #[test]
    fn a_unit_behind_its_group_counts_for_the_unit() {
        check("云岭矿业集团南关煤矿井下透水", &[("nanguan", "云岭矿业集团南关煤矿")]);
        check("云矿南关煤矿井下透水", &[("nanguan", "云矿南关煤矿")]);
        check("云岭矿业旗下南关煤矿井下透水", &[("group", "云岭矿业"), ("nanguan", "南关煤矿")]);
        check("云岭矿业集团有限公司云岭热电停暖", &[("power", "云岭矿业集团有限公司云岭热电")]);
    }

    #[test]
    fn namesakes_are_told_apart() {
        check("云岭矿业大学招生", &[]);
        check("云岭矿业大学与云岭矿业签约", &[("group", "云岭矿业")]);
        check("云矿科技发布新品，云矿大涨", &[]);
        check("贵州毕节的南关煤矿停产", &[]);
        check("贵州来的工人说，云岭市南关煤矿停产", &[("nanguan", "南关煤矿")]);
        check("贵州今日有雨\n南关煤矿正常生产\n贵州", &[("nanguan", "南关煤矿")]);
        check("贵州今日有雨。南关煤矿正常生产", &[("nanguan", "南关煤矿")]);
        // The full name is never a namesake.
        check("云岭矿业集团南关煤矿支援贵州", &[("nanguan", "云岭矿业集团南关煤矿")]);
    }

    #[test]
    fn a_name_within_a_longer_word_or_place_is_nobodys() {
        let mut set = subjects();
        set[1].short_names.push("南关矿".to_owned());
        set[0].short_names.push("云岭".to_owned());
        set[0].places.push("云岭县".to_owned());
        let finder = SubjectFinder::new(set).unwrap();
        let named = |text: &str| finder.find(text, &fold(text)).len();
        for text in [
            "南关矿泉水厂今日投产",
            "南关矿务局旧址",
            "西南关煤矿运输线检修",
            "云岭县今天下雪",
            "云岭市第一中学开学",
            "云岭山下起了大雨",
            "云岭大道封路",
            "云岭日报讯",
            "云岭茶叶有限公司上市",
            "南关煤矿小学停课",
            "河南关矿两座",
        ] {
            assert_eq!(named(text), 0, "{text}");
        }
        for text in [
            "南关矿井下透水",
            "南关矿工人上访",
            "南关矿业绩下滑",
            "山西南关煤矿复产",
            "广东南关煤矿",
            "云岭区域公司成立",
            "云岭站出来道歉",
            "云岭欠薪",
            "云岭矿业今日停产",
            "南关煤矿路面塌陷",
            "南关煤矿的小学停课",
        ] {
            assert_eq!(named(text), 1, "{text}");
        }
    }

    #[test]
    fn the_sign_and_the_field_agree_on_every_text() {
        use crate::query::{Context, Facts, Target, parse};
        const PIECES: &[&str] = &[
            "云岭矿业集团有限公司",
            "云岭矿业集团",
            "云岭矿业",
            "云矿",
            "南关煤矿",
            "南关矿",
            "云岭",
            "云岭热电",
            "大学",
            "科技",
            "县",
            "市",
            "值",
            "小学",
            "泉水",
            "业绩",
            "西",
            "山西",
            "东",
            "河",
            "贵州",
            "毕节",
            "云岭市",
            "今天",
            "停产",
            "，",
            "。",
            "；",
            "\n",
            " ",
            "ylky",
            "600001",
            "x",
            "的",
        ];
        let mut set = subjects();
        set[1].short_names.push("南关矿".to_owned());
        set[0].short_names.push("云岭".to_owned());
        let context =
            Context { subjects: set.clone(), ..Context::at(chrono::DateTime::UNIX_EPOCH) };
        let finder = SubjectFinder::new(set).unwrap();
        let mut dice = 7_u64;
        let mut roll = |n: usize| {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) as usize % n
        };
        let mut named = 0;
        for _ in 0..4_000 {
            let text: String = (0..1 + roll(7)).map(|_| PIECES[roll(PIECES.len())]).collect();
            let found = finder.find(&text, &fold(&text));
            let subjects: Vec<SubjectId> =
                found.iter().map(|n| finder.subjects()[n.subject].id.clone()).collect();
            let facts = Facts { subjects: subjects.iter().collect(), ..Facts::default() };
            let target = Target::of_texts("", &text, facts);
            for id in ["group", "nanguan", "power"] {
                let says =
                    |query: String| parse(&query, &context).unwrap().matches(&target).is_some();
                let (sign, field) = (says(format!("@{id}")), says(format!("subject:{id}")));
                assert_eq!(sign, field, "@{id} and subject:{id} in {text:?}");
                named += usize::from(sign);
            }
        }
        assert!(named > 1_000, "{named}");
    }

    #[test]
    fn latin_codes_stand_on_word_boundaries() {
        check("YLKY跌停，代码600001", &[("group", "YLKY"), ("group", "600001")]);
        check("ＹＬＫＹ跌停", &[("group", "ＹＬＫＹ")]);
        check("xylky 16000012", &[]);
        check("600001.SH 今日停牌", &[("group", "600001")]);
    }

    #[test]
    fn traditional_and_full_width_forms_are_found_in_the_original() {
        check("雲嶺礦業集團２０２６年", &[("group", "雲嶺礦業集團")]);
    }

    #[test]
    fn broken_sets_are_refused() {
        let twice = vec![subject("a", "甲矿", &[], None), subject("a", "乙矿", &[], None)];
        assert!(matches!(SubjectFinder::new(twice), Err(AnnotateError::SameSubject(_))));
        let same = vec![subject("a", "甲矿", &[], None), subject("b", "乙矿", &["甲矿"], None)];
        assert!(matches!(SubjectFinder::new(same), Err(AnnotateError::SameName { .. })));
        let orphan = vec![subject("a", "甲矿", &[], Some("z"))];
        assert!(matches!(SubjectFinder::new(orphan), Err(AnnotateError::NoSuchParent { .. })));
        let circle =
            vec![subject("a", "甲矿", &[], Some("b")), subject("b", "乙矿", &[], Some("a"))];
        assert!(matches!(SubjectFinder::new(circle), Err(AnnotateError::CircleOfParents(_))));
        assert!(
            SubjectFinder::new(Vec::new()).unwrap().find("云岭矿业", &fold("云岭矿业")).is_empty()
        );
    }
}

//! What the judge of happenings learns from: newcomers and the stories they might join, with the truth.
//!
//! In: posts in order of time with the happening each tells of. Out: a [`Lesson`] for each newcomer and candidate story, in
//! a book whose stories are the true ones. Learns nothing itself.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::happening::Judge;
use super::member::Member;
use super::{StoryBook, StoryConfig};
use crate::record::{AnnotatedPost, PostId, StoryId};

/// A newcomer and a story it might join.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// The newcomer.
    pub post: PostId,
    /// The first post of the story.
    pub story: PostId,
    /// Posts of the story so far.
    pub size: usize,
    /// What the judge is shown.
    pub figures: Vec<f32>,
    /// Whether it joins.
    pub same: bool,
}

impl StoryBook {
    /// Figures of a lesson.
    pub const FIGURES: usize = super::linking::FIGURES;

    /// All lessons of `posts`, taken in order of time; `truth` names the happening of each, or none where it is alone.
    #[must_use]
    pub fn lessons(
        judge: &Arc<Judge>,
        config: StoryConfig,
        posts: &[AnnotatedPost],
        truth: &[Option<&str>],
    ) -> Vec<Lesson> {
        let mut book = Self::judged_by(config, Arc::clone(judge));
        let mut stories: HashMap<&str, StoryId> = HashMap::new();
        let mut order: Vec<usize> = (0..posts.len()).collect();
        order.sort_by_key(|i| Member::place_of(&posts[*i]));
        let mut lessons = Vec::new();
        for i in order {
            let (member, order) = Member::read(&posts[i], book.judge());
            let own = truth[i].and_then(|happening| stories.get(happening)).copied();
            for candidate in book.candidates(&member, &order) {
                lessons.push(Lesson {
                    post: member.place.1,
                    story: candidate.story.0,
                    size: book.stories[&candidate.story].len(),
                    same: own == Some(candidate.story),
                    figures: candidate.figures.to_vec(),
                });
            }
            let story = own.unwrap_or(StoryId(member.place.1));
            stories.extend(truth[i].map(|happening| (happening, story)));
            book.insert(member, story);
            book.forget_old();
        }
        lessons
    }
}

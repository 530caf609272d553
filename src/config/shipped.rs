//! The files compiled into the program, so that one binary works anywhere.
//!
//! In: files under `config/` at build time. Out: their names and contents. A file that lies in the folder
//! and is not named here fails a test, since it would be shipped and not used.

/// `config/guanlan.toml`: the default and the manual.
pub(super) const MAIN: &str = include_str!("../../config/guanlan.toml");

macro_rules! texts {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../config/", $folder, "/", $name)))),*]
    };
}

macro_rules! bytes {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../config/", $folder, "/", $name)).as_slice())),*]
    };
}

/// `config/topics`.
pub(super) const TOPICS: &[(&str, &str)] = texts!("topics":
    "discipline.toml",
    "environment.toml",
    "good.toml",
    "labour.toml",
    "party.toml",
    "public.toml",
    "quality.toml",
    "risk.toml",
    "safety.toml",
    "training.toml",
);

/// `config/lexicons`.
pub(super) const LEXICONS: &[(&str, &str)] = texts!("lexicons":
    "company.tsv",
    "discipline.tsv",
    "emoticons.tsv",
    "environment.tsv",
    "experience.tsv",
    "general.tsv",
    "grammar.tsv",
    "labour.tsv",
    "praise.tsv",
    "safety.tsv",
);

/// `config/models/figures.json`.
pub(super) const FIGURES: &str = include_str!("../../config/models/figures.json");

/// `config/models/deep/deep.bin`: the deep reader.
pub(super) const DEEP: (&str, &[u8]) =
    ("deep.bin", include_bytes!("../../config/models/deep/deep.bin").as_slice());

/// `config/models`, but for what the stages that use it have compiled in themselves.
pub(super) const MODELS: &[(&str, &[u8])] = bytes!("models":
    "news.dense",
    "news.glm",
    "officer.gom",
    "party.glm",
    "petitions.dense",
    "petitions.glm",
    "risk.glm",
    "target.glm",
    "weibo.dense",
    "weibo.glm",
    "whom.glm",
);

#[cfg(test)]
mod tests {
    use pipelines::annotate::deep::DeepReader;
    use pipelines::annotate::dense::DenseHead;

    use super::*;

    fn check(folder: &str, extensions: &[&str], named: &[&str]) {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(folder);
        let mut found: Vec<String> = std::fs::read_dir(dir)
            .map(|files| {
                files.map(|f| f.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
            })
            .unwrap_or_default();
        found.retain(|name| extensions.iter().any(|e| name.ends_with(e)));
        found.sort();
        let mut named = named.to_vec();
        named.sort_unstable();
        assert_eq!(found, named, "files in config/{folder} and files compiled in");
    }

    #[test]
    fn heads_over_the_deep_readers_states_are_of_the_encoder_that_is_shipped() {
        let models: Vec<_> =
            MODELS.iter().map(|(name, bytes)| ((*name).to_owned(), bytes)).collect();
        let heads = DenseHead::among(&models).unwrap();
        assert_eq!(heads.len(), 3);
        let deep = DeepReader::of(DEEP.1.into());
        let mark = deep.encoder().unwrap().mark().unwrap();
        for head in heads {
            assert_eq!(head.top().encoder, mark, "{}: train it anew", head.top().name);
        }
    }

    #[test]
    fn every_file_that_is_there_is_compiled_in() {
        let names = |files: &[(&'static str, &str)]| files.iter().map(|f| f.0).collect::<Vec<_>>();
        check("topics", &[".toml"], &names(TOPICS));
        check("lexicons", &[".tsv", ".txt", ".toml"], &names(LEXICONS));
        // The story book is built without a config and carries its model.
        let models: Vec<_> =
            MODELS.iter().map(|f| f.0).chain(["happenings.bin", "stories.bin"]).collect();
        check("models", &[".bin", ".dense", ".glm", ".gom"], &models);
    }
}

//! Three search nodes with a copy of each shard, of which one after another dies while posts come.
//!
//! In: how far the run is. Out: addresses for a config, and how many posts are left. The node with the copy dies, comes back
//! and has what it missed; then the one with the first copy dies and stays dead.

use crate::opensearch::{self, Node, holder};

/// The name of the index.
const NAME: &str = "hundred";

/// The nodes, and which of them are dead.
pub struct ThreeNodes {
    nodes: Vec<Node>,
    dead: Option<usize>,
}

impl ThreeNodes {
    /// All of them, at work.
    pub fn start() -> Self {
        Self { nodes: opensearch::try_cluster(opensearch::OLDEST, 3).unwrap(), dead: None }
    }

    /// The table of a config that names them all.
    pub fn table(&self) -> String {
        let addresses: Vec<_> =
            self.nodes.iter().map(|node| format!("\"{}\"", node.address)).collect();
        format!(
            "[index]\nkind = \"opensearch\"\naddresses = [{}]\nname = \"{NAME}\"\nshards = 3\nreplicas = 1\n",
            addresses.join(", ")
        )
    }

    /// One that lives.
    fn alive(&self) -> usize {
        usize::from(self.dead == Some(0))
    }

    /// What is due at this of so many kills of workers.
    pub fn go_through(&mut self, kill: usize, kills: usize) {
        match kill {
            _ if kill == kills / 4 => self.dies("r"),
            _ if kill == kills / 2 => self.is_back(),
            _ if kill == 3 * kills / 4 => self.dies("p"),
            _ => {}
        }
    }

    /// The node with the copy of the first shard (`r`), or with the shard itself (`p`), dies, once every shard has its copy.
    fn dies(&mut self, copy: &str) {
        let dies = holder(&self.nodes, self.alive(), NAME, copy);
        assert_eq!(self.dead, None, "two nodes away at a time may be both copies of a shard");
        self.nodes[dies].kill();
        self.dead = Some(dies);
        println!("the node with {copy} is dead: n{}", dies + 1);
    }

    /// Whoever is dead comes back with what it had.
    fn is_back(&mut self) {
        let back = self.dead.take().expect("a dead node");
        self.nodes[back].start_again();
        println!("n{} is back", back + 1);
    }

    /// Posts that are left.
    pub fn posts(&self) -> u64 {
        let node = &self.nodes[self.alive()];
        opensearch::request(node, "POST", &format!("/{NAME}/_refresh"), "");
        // The document that says how far the index is has no time.
        let path = format!("/{NAME}/_count?q=_exists_:time");
        let said = opensearch::request(node, "GET", &path, "");
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said["_shards"]["failed"], 0, "{said}");
        said["count"].as_u64().unwrap()
    }
}

//! The recipes the program comes with.

/// A recipe inside the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// The word that names it: `digits`.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Its text, comments included.
    pub text: &'static str,
}

macro_rules! shipped {
    ($($name:literal, $summary:literal;)*) => {
        /// Every shipped recipe, in the order in which lists show them.
        pub static SHIPPED: &[Shipped] = &[$(Shipped {
            name: $name,
            summary: $summary,
            text: include_str!(concat!("../../../../recipes/", $name, ".toml")),
        }),*];
    };
}

shipped! {
    "digits", "small to large on handwritten digits; needs no files";
    "source", "the source flow on spoken digits: 100-50-10, then 1000-500-100-10";
    "source-generated", "the same two networks on generated data; needs no files";
    "california", "small to large on house prices, a CSV file";
    "cifar", "small to large on CIFAR-10: a residual network grows deeper as its pictures grow; parquet files";
    "compress", "large to small: knowledge distillation on handwritten digits; needs no files";
    "ensemble", "large to small where it pays: five networks teach one, classes overlap; needs no files";
}

/// The shipped recipe of this name.
pub fn shipped(name: &str) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|recipe| recipe.name == name)
}

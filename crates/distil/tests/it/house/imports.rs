//! Which module of a crate uses which, read from its sources: `use` trees, `super::`, and paths in the code.
//!
//! Names are followed through re-exports to the module that defines them; comments, literals and what is compiled for
//! tests alone are not read.

use std::collections::{BTreeMap, BTreeSet};

/// A module: its names from the crate's root down; the root itself has none.
pub type Module = Vec<String>;

/// The modules of a crate that use another one, and that other one; no module uses itself here.
pub fn imports(root: &str, read: impl Fn(&str) -> Option<String>) -> BTreeSet<(Module, Module)> {
    let mut crate_ = Crate::default();
    let text = read(root).unwrap_or_else(|| panic!("{root} is not there"));
    crate_.add_file(&text, Vec::new(), &read);
    let mut found = BTreeSet::new();
    for (module, room) in &crate_.modules {
        for path in &room.paths {
            if let Some(used) = crate_.resolve(module, path, 0) {
                let (user, used) = (crate_.file(module), crate_.file(&used));
                if user != used {
                    found.insert((user, used));
                }
            }
        }
    }
    found
}

/// What one module says.
#[derive(Default)]
struct Room {
    /// It stands inside the file of the module above.
    inline: bool,
    /// Paths as they are written, those of `use` included.
    paths: Vec<Vec<String>>,
    /// Names that `use` brings in, with their paths.
    names: BTreeMap<String, Vec<String>>,
    /// Paths of `use …::*`.
    globs: Vec<Vec<String>>,
    /// Names it defines.
    defined: BTreeSet<String>,
}

#[derive(Default)]
struct Crate {
    modules: BTreeMap<Module, Room>,
}

impl Crate {
    fn add_file(&mut self, text: &str, module: Module, read: &impl Fn(&str) -> Option<String>) {
        let tokens = without_tests(tokens(text));
        let mut below = Vec::new();
        self.modules.insert(module.clone(), Room::default());
        self.add(&tokens, &module, &mut below);
        for child in below {
            let stem = child.join("/");
            let text = read(&format!("{stem}.rs")).or_else(|| read(&format!("{stem}/mod.rs")));
            let text = text.unwrap_or_else(|| panic!("`mod {stem}` has no file"));
            self.add_file(&text, child, read);
        }
    }

    /// Reads the tokens of a module; `below` takes the modules that have files of their own.
    fn add(&mut self, tokens: &[String], module: &Module, below: &mut Vec<Module>) {
        let mut room = Room::default();
        let token = |at: usize| tokens.get(at).map_or("", String::as_str);
        let mut at = 0;
        while at < tokens.len() {
            match token(at) {
                "mod" if is_name(token(at + 1)) && token(at + 2) == ";" => {
                    below.push(child(module, token(at + 1)));
                    at += 3;
                }
                "mod" if is_name(token(at + 1)) && token(at + 2) == "{" => {
                    let end = closing(tokens, at + 2);
                    let inner = child(module, token(at + 1));
                    self.modules.entry(inner.clone()).or_default();
                    self.add(&tokens[at + 3..end], &inner, below);
                    if let Some(room) = self.modules.get_mut(&inner) {
                        room.inline = true;
                    }
                    at = end + 1;
                }
                "use" => at = room.tree(tokens, at + 1, &[]),
                "fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "union"
                    if is_name(token(at + 1)) =>
                {
                    room.defined.insert(token(at + 1).to_string());
                    at += 2;
                }
                // `pub(in …)` names a module above and takes nothing from it.
                "in" if at > 1 && token(at - 1) == "(" && token(at - 2) == "pub" => {
                    while token(at) != ")" {
                        at += 1;
                    }
                }
                name if is_name(name) && token(at + 1) == "::" => {
                    let mut path = vec![name.to_string()];
                    let whole = at == 0 || ![".", "::"].contains(&token(at - 1));
                    at += 1;
                    while token(at) == "::" && is_name(token(at + 1)) {
                        path.push(token(at + 1).to_string());
                        at += 2;
                    }
                    if whole {
                        room.paths.push(path);
                    }
                    at += usize::from(token(at) == "::");
                }
                _ => at += 1,
            }
        }
        let inline = self.modules.get(module).is_some_and(|room| room.inline);
        self.modules.insert(module.clone(), Room { inline, ..room });
    }

    /// The module that defines what a path of a module leads to; none where it leads out of the crate.
    fn resolve(&self, module: &Module, path: &[String], depth: usize) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        // A name that is brought in by its own name (`use data::data`) would lead round.
        if depth > 16 {
            return None;
        }
        let start = match first.as_str() {
            "crate" => Vec::new(),
            "self" => module.clone(),
            "super" => module[..module.len().checked_sub(1)?].to_vec(),
            _ => return self.find(module, path, depth, true),
        };
        if rest.first().is_some_and(|next| next == "super") {
            return self.resolve(&start, rest, depth + 1);
        }
        self.find(&start, rest, depth, false)
    }

    /// Follows names down from a module. In the module's own text (`here`) an unknown first name is another crate's.
    fn find(&self, module: &Module, path: &[String], depth: usize, here: bool) -> Option<Module> {
        let Some((name, rest)) = path.split_first() else {
            return Some(module.clone());
        };
        let below = child(module, name);
        if self.modules.contains_key(&below) {
            return self.find(&below, rest, depth, false);
        }
        let room = self.modules.get(module)?;
        if room.defined.contains(name) {
            return Some(module.clone());
        }
        if let Some(used) = room.names.get(name) {
            let whole: Vec<String> = used.iter().chain(rest).cloned().collect();
            if whole == path {
                return None;
            }
            return self.resolve(module, &whole, depth + 1);
        }
        for glob in &room.globs {
            let from = self.resolve(module, glob, depth + 1);
            let known = from.filter(|from| from != module && self.knows(from, name));
            if let Some(from) = known {
                return self.find(&from, path, depth + 1, false);
            }
        }
        (!here).then(|| module.clone())
    }

    fn knows(&self, module: &Module, name: &str) -> bool {
        let room = &self.modules[module];
        let named = room.defined.contains(name) || room.names.contains_key(name);
        named || self.modules.contains_key(&child(module, name))
    }

    /// The module whose file this one stands in.
    fn file(&self, module: &Module) -> Module {
        let mut module = module.clone();
        while self.modules.get(&module).is_some_and(|room| room.inline) {
            module.pop();
        }
        module
    }
}

impl Room {
    /// Reads one tree of a `use` that begins at a token, below a path; gives the token after it.
    fn tree(&mut self, tokens: &[String], mut at: usize, above: &[String]) -> usize {
        let token = |at: usize| tokens.get(at).map_or("", String::as_str);
        let mut path = above.to_vec();
        loop {
            match token(at) {
                "::" => at += 1,
                "{" => {
                    let end = closing(tokens, at);
                    at += 1;
                    while at < end {
                        at = self.tree(tokens, at, &path);
                        at += usize::from(token(at) == ",");
                    }
                    return end + 1;
                }
                "*" => {
                    self.globs.push(path.clone());
                    self.paths.push(path);
                    return at + 1;
                }
                "self" if !path.is_empty() => at += 1,
                "as" => {
                    self.names.insert(token(at + 1).to_string(), path.clone());
                    self.paths.push(path);
                    return at + 2;
                }
                name if is_name(name) => {
                    path.push(name.to_string());
                    at += 1;
                }
                _ => {
                    if let Some(name) = path.last() {
                        self.names.insert(name.clone(), path.clone());
                    }
                    self.paths.push(path);
                    return at;
                }
            }
        }
    }
}

fn child(module: &Module, name: &str) -> Module {
    let mut below = module.clone();
    below.push(name.to_string());
    below
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The token that closes the bracket at `at`.
fn closing(tokens: &[String], at: usize) -> usize {
    let mut open = 0;
    for (place, token) in tokens.iter().enumerate().skip(at) {
        match token.as_str() {
            "(" | "[" | "{" => open += 1,
            ")" | "]" | "}" => open -= 1,
            _ => {}
        }
        if open == 0 {
            return place;
        }
    }
    tokens.len()
}

/// Leaves out each item under `#[cfg(test)]`.
fn without_tests(tokens: Vec<String>) -> Vec<String> {
    let marks = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].iter().take(marks.len()).eq(marks) {
            at += marks.len();
            while at < tokens.len() && ![";", "{"].contains(&tokens[at].as_str()) {
                at = match tokens[at].as_str() {
                    "(" | "[" => closing(&tokens, at) + 1,
                    _ => at + 1,
                };
            }
            let block = tokens.get(at).is_some_and(|token| token == "{");
            at = if block { closing(&tokens, at) } else { at } + 1;
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Names, `::` and single signs; no comments, strings, characters or lifetimes.
fn tokens(text: &str) -> Vec<String> {
    let text: Vec<char> = text.chars().collect();
    let is = |at: usize, sign: char| text.get(at) == Some(&sign);
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let c = text[at];
        if c == '/' && is(at + 1, '/') {
            while at < text.len() && !is(at, '\n') {
                at += 1;
            }
        } else if c == '/' && is(at + 1, '*') {
            let mut open = 0;
            loop {
                match (text.get(at), text.get(at + 1)) {
                    (Some('/'), Some('*')) => open += 1,
                    (Some('*'), Some('/')) => open -= 1,
                    (None, _) => break,
                    _ => {
                        at += 1;
                        continue;
                    }
                }
                at += 2;
                if open == 0 {
                    break;
                }
            }
        } else if c == '"' {
            at += 1;
            while at < text.len() && !is(at, '"') {
                at += 1 + usize::from(is(at, '\\'));
            }
            at += 1;
        } else if c == '\'' {
            // A character ('x', '\n', '\u{1f}') or a lifetime ('a).
            let escaped = is(at + 1, '\\');
            if escaped || is(at + 2, '\'') {
                at += if escaped { 3 } else { 2 };
                while at < text.len() && !is(at, '\'') {
                    at += 1;
                }
                at += 1;
            } else {
                at += 2;
            }
        } else if c.is_alphanumeric() || c == '_' {
            let start = at;
            while at < text.len() && (text[at].is_alphanumeric() || text[at] == '_') {
                at += 1;
            }
            let word: String = text[start..at].iter().collect();
            let hashes = text[at..].iter().take_while(|c| **c == '#').count();
            if ["r", "br"].contains(&word.as_str()) && is(at + hashes, '"') {
                let end: Vec<char> = std::iter::once('"').chain(vec!['#'; hashes]).collect();
                at += hashes + 1;
                while at < text.len() && !text[at..].starts_with(&end) {
                    at += 1;
                }
                at += end.len();
            } else if word == "r" && hashes == 1 {
                // A raw name: r#type.
                at += 1;
            } else {
                found.push(word);
            }
        } else if c == ':' && is(at + 1, ':') {
            found.push("::".to_string());
            at += 2;
        } else {
            if !c.is_whitespace() {
                found.push(c.to_string());
            }
            at += 1;
        }
    }
    found
}

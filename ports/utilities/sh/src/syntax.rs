//! From the text of a script to its commands: simple commands with quotes, variables, redirections and assignments,
//! joined by `;`, `&&` and `||`. All else of a shell's language is refused by name, before anything runs.

use std::iter::Peekable;
use std::str::Chars;

/// A piece of a word. `quoted`: its value stays one piece, whatever it holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Text(String),
    Variable { name: String, quoted: bool },
}

pub type Word = Vec<Part>;

#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Read(Word),
    Write(Word),
    Append(Word),
    /// Where that stream leads now.
    Stream(usize),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Simple {
    pub line: usize,
    pub assignments: Vec<(String, Word)>,
    pub words: Vec<Word>,
    pub redirections: Vec<(usize, Target)>,
}

impl Simple {
    fn is_empty(&self) -> bool {
        self.assignments.is_empty() && self.words.is_empty() && self.redirections.is_empty()
    }
}

/// When a command runs, by the status of the one before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    Always,
    Right,
    Wrong,
}

/// What is wrong with a script, and where.
#[derive(Debug, PartialEq)]
pub struct Fault {
    pub line: usize,
    pub what: String,
}

const RESERVED: [&str; 16] = [
    "if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "in", "{", "}", "!",
];
pub const PATTERNS: [char; 3] = ['*', '?', '['];
const LAST_STREAM: usize = 2;

pub fn parse(text: &str) -> Result<Vec<(When, Simple)>, Fault> {
    Reader { left: text.chars().peekable(), line: 1 }.script()
}

/// Whether a text can be a variable's name.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first == '_' || first.is_ascii_alphabetic()) && text.chars().all(in_name)
}

fn in_name(letter: char) -> bool {
    letter == '_' || letter.is_ascii_alphanumeric()
}

struct Reader<'a> {
    left: Peekable<Chars<'a>>,
    line: usize,
}

impl Reader<'_> {
    fn script(mut self) -> Result<Vec<(When, Simple)>, Fault> {
        let mut found: Vec<(When, Simple)> = Vec::new();
        let (mut when, mut command) = (When::Always, Simple::default());
        loop {
            self.skip_blanks();
            let (sign, next) = match self.left.peek().copied() {
                None => ("the end", When::Always),
                Some('\n') => ("the end of the line", When::Always),
                Some(';') => (";", When::Always),
                Some('&') => ("&&", When::Right),
                Some('|') => ("||", When::Wrong),
                Some(other) => {
                    self.add(&mut command, other)?;
                    continue;
                }
            };
            let first = self.next();
            if matches!(next, When::Right | When::Wrong) && self.next() != first {
                let what = if sign == "&&" { "commands in the background (`&`)" } else { "pipelines (`|`)" };
                return Err(self.unknown(what));
            }
            if command.is_empty() {
                match (first, when) {
                    (None, When::Always) => return Ok(found),
                    (Some('\n'), _) => self.line += 1, // an empty line, or the rest of a command behind `&&`
                    _ => return Err(self.fault(format!("a command is missing before {sign}"))),
                }
                continue;
            }
            found.push((when, std::mem::take(&mut command)));
            when = next;
            match first {
                None => return Ok(found),
                Some('\n') => self.line += 1,
                _ => {}
            }
        }
    }

    /// Takes the next word or redirection into a command.
    fn add(&mut self, command: &mut Simple, first: char) -> Result<(), Fault> {
        if command.is_empty() {
            command.line = self.line;
        }
        match first {
            '<' | '>' => return self.redirection(command, usize::from(first == '>')),
            '(' | ')' => return Err(self.unknown("subshells and functions (`(`)")),
            _ => {}
        }
        let (word, plain) = self.word()?;
        let follows = matches!(self.left.peek(), Some('<' | '>'));
        if let Some(text) = &plain {
            if follows && text.chars().all(|digit| digit.is_ascii_digit()) {
                return match text.parse() {
                    Ok(stream) if stream <= LAST_STREAM => self.redirection(command, stream),
                    _ => Err(self.unknown(&format!("streams other than 0, 1 and 2 (`{text}`)"))),
                };
            }
            if command.words.is_empty() && RESERVED.contains(&text.as_str()) {
                return Err(self.unknown(&format!("`{text}`")));
            }
        }
        match assignment(&word) {
            Some(found) if command.words.is_empty() => command.assignments.push(found),
            _ => command.words.push(word),
        }
        Ok(())
    }

    fn redirection(&mut self, command: &mut Simple, stream: usize) -> Result<(), Fault> {
        let sign = self.next();
        let second = self.left.peek().copied();
        let target = match (sign, second) {
            (Some('<'), Some('<')) => return Err(self.unknown("text in the script (`<<`)")),
            (Some('<'), Some('>')) => return Err(self.unknown("`<>`")),
            (Some('>'), Some('|')) => return Err(self.unknown("`>|`")),
            (_, Some('&')) => {
                self.next();
                let (_, plain) = self.word()?;
                match plain.as_deref().map(str::parse) {
                    Some(Ok(number)) if number <= LAST_STREAM => Target::Stream(number),
                    _ => return Err(self.unknown("what follows `<&` or `>&` but for 0, 1 and 2")),
                }
            }
            (Some('<'), _) => Target::Read(self.target()?),
            (_, Some('>')) => {
                self.next();
                Target::Append(self.target()?)
            }
            _ => Target::Write(self.target()?),
        };
        command.redirections.push((stream, target));
        Ok(())
    }

    fn target(&mut self) -> Result<Word, Fault> {
        self.skip_blanks();
        match self.word()? {
            (word, _) if word.is_empty() => Err(self.fault("a redirection names no file".to_string())),
            (word, _) => Ok(word),
        }
    }

    /// A word, and its text where nothing in it is quoted or a variable.
    fn word(&mut self) -> Result<(Word, Option<String>), Fault> {
        let mut parts: Word = Vec::new();
        let mut plain = true;
        while let Some(letter) = self.left.peek().copied() {
            match letter {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => break,
                '`' => return Err(self.unknown("a command's output as a word (`` ` ``)")),
                '~' if parts.is_empty() || assigns(&parts) => return Err(self.unknown("home folders (`~`)")),
                _ if PATTERNS.contains(&letter) => {
                    return Err(self.unknown(&format!("patterns of file names (`{letter}`)")));
                }
                _ => {}
            }
            self.next();
            plain &= !matches!(letter, '\'' | '"' | '\\' | '$');
            match letter {
                '\'' => {
                    let text = self.until_quote()?;
                    push_text(&mut parts, &text);
                }
                '"' => self.double_quoted(&mut parts)?,
                '\\' => match self.next() {
                    Some('\n') => self.line += 1,
                    Some(next) => push_text(&mut parts, next.encode_utf8(&mut [0; 4])),
                    None => push_text(&mut parts, "\\"),
                },
                '$' => self.variable(&mut parts, false)?,
                _ => push_text(&mut parts, letter.encode_utf8(&mut [0; 4])),
            }
        }
        let text = match parts.as_slice() {
            [Part::Text(text)] if plain => Some(text.clone()),
            _ => None,
        };
        Ok((parts, text))
    }

    fn until_quote(&mut self) -> Result<String, Fault> {
        let mut found = String::new();
        loop {
            match self.next() {
                Some('\'') => return Ok(found),
                Some(letter) => {
                    self.line += usize::from(letter == '\n');
                    found.push(letter);
                }
                None => return Err(self.fault("a quote (') is never closed".to_string())),
            }
        }
    }

    fn double_quoted(&mut self, parts: &mut Word) -> Result<(), Fault> {
        push_text(parts, "");
        loop {
            match self.next() {
                Some('"') => return Ok(()),
                Some('$') => self.variable(parts, true)?,
                Some('`') => return Err(self.unknown("a command's output as a word (`` ` ``)")),
                Some('\\') => match self.next() {
                    Some('\n') => self.line += 1,
                    Some(next @ ('$' | '`' | '"' | '\\')) => push_text(parts, next.encode_utf8(&mut [0; 4])),
                    Some(next) => push_text(parts, &format!("\\{next}")),
                    None => return Err(self.fault("a quote (\") is never closed".to_string())),
                },
                Some(letter) => {
                    self.line += usize::from(letter == '\n');
                    push_text(parts, letter.encode_utf8(&mut [0; 4]));
                }
                None => return Err(self.fault("a quote (\") is never closed".to_string())),
            }
        }
    }

    /// What follows a `$`.
    fn variable(&mut self, parts: &mut Word, quoted: bool) -> Result<(), Fault> {
        let name = match self.left.peek().copied() {
            Some(sign @ ('?' | '$')) => {
                self.next();
                sign.to_string()
            }
            Some('{') => {
                let mut name = String::new();
                self.next();
                while let Some(letter) = self.left.next_if(|letter| *letter != '}') {
                    name.push(letter);
                }
                if self.next().is_none() {
                    return Err(self.fault("`${` is never closed".to_string()));
                }
                if !is_name(&name) && name != "?" && name != "$" {
                    return Err(self.unknown(&format!("`${{{name}}}`")));
                }
                name
            }
            Some('(') => return Err(self.unknown("a command's output, or a sum, as a word (`$(`)")),
            Some(letter) if in_name(letter) && !letter.is_ascii_digit() => {
                let mut name = String::new();
                while let Some(letter) = self.left.next_if(|letter| in_name(*letter)) {
                    name.push(letter);
                }
                name
            }
            Some(sign) if sign.is_ascii_digit() || "@*#!-".contains(sign) => {
                return Err(self.unknown(&format!("parameters (`${sign}`)")));
            }
            _ => {
                push_text(parts, "$");
                return Ok(());
            }
        };
        parts.push(Part::Variable { name, quoted });
        Ok(())
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.left.peek() {
                Some(' ' | '\t') => {
                    self.next();
                }
                Some('#') => while self.left.next_if(|letter| *letter != '\n').is_some() {},
                Some('\\') => {
                    let mut ahead = self.left.clone();
                    ahead.next();
                    if ahead.next() != Some('\n') {
                        return;
                    }
                    self.left = ahead;
                    self.line += 1;
                }
                _ => return,
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        self.left.next()
    }

    fn fault(&self, what: String) -> Fault {
        Fault { line: self.line, what }
    }

    fn unknown(&self, what: &str) -> Fault {
        self.fault(format!("this small shell does not know {what}"))
    }
}

/// Adds literal text; an empty one too, since `''` is a word.
fn push_text(parts: &mut Word, text: &str) {
    match parts.last_mut() {
        Some(Part::Text(last)) => last.push_str(text),
        _ => parts.push(Part::Text(text.to_string())),
    }
}

/// Whether what was read of a word is `NAME=`, behind which a `~` would be a home folder.
fn assigns(parts: &Word) -> bool {
    matches!(parts.as_slice(), [Part::Text(text)] if text.strip_suffix(['=', ':']).is_some())
}

/// A word that is an assignment, as name and value. A name in quotes is none, but nobody quotes one.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let Some(Part::Text(first)) = word.first() else { return None };
    let (name, rest) = first.split_once('=')?;
    if !is_name(name) {
        return None;
    }
    let mut value = word.clone();
    value[0] = Part::Text(rest.to_string());
    Some((name.to_string(), value))
}

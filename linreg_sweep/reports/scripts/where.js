// The grammar of comparisons, as analysis/grammar.py and where.py have it: read there what it is; and what writes some.

const DEEPEST = 50;
const LONGEST = 2000;
const SIGNS = ["<", "<=", "==", "=", "!=", ">=", ">"];

const COMPARED = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};

const MEANT = {
  ...{ "===": "==", is: "==", like: "==", "<>": "!=", "=<": "<=", "=>": ">=", "!": "not" },
  ...{ "&": "and", "&&": "and", "|": "or", "||": "or", ";": "and", ",": "and, or a number without commas" },
  ...{ inf: ".inf", "+inf": ".inf", "-inf": "-.inf" },
};

/** A text that is no comparison: at which character, what is wrong, and a hint. */
class GrammarError extends Error {
  constructor(at, text, hint = "") {
    super(`character ${at}: ${text}${hint && `. Hint: ${hint}`}`);
  }
}

const write = (token) => (Object.hasOwn(MEANT, token.toLowerCase()) ? `write ${MEANT[token.toLowerCase()]}` : "");
const short = (text) => ([...text].length <= 60 ? text : `${[...text].slice(0, 57).join("")}...`);
const quoted = (text) => `'${short(text)}'`;

/** Returns the words, signs and marks of a text, each with its character; at the end an empty one. */
function tokensOf(text) {
  const pattern = /[ \t\r\n\xa0]*("[^"]*"|'[^']*'|`[^`]*`|[<>=!]+|[()[\],]|[^ \t\r\n\xa0<>=!()[\],"'`]+)?/uy;
  const place = (index) => [...text.slice(0, index)].length + 1;
  const tokens = [];
  for (let match = pattern.exec(text); match[1] !== undefined; match = pattern.exec(text)) {
    tokens.push({ token: match[1], at: place(pattern.lastIndex - match[1].length) });
  }
  const end = pattern.lastIndex;
  if (end < text.length) {
    throw new GrammarError(place(end), `the quote ${text[end]} is never closed`, "add the closing quote");
  }
  return [...tokens, { token: "", at: place(text.length) }];
}

/** Returns a number as YAML reads it, and nothing for another word. */
function yamlNumber(word, at) {
  if (/^[-+]?0[0-9]+$/.test(word)) throw new GrammarError(at, `a whole number does not start with 0, got ${short(word)}`);
  if (/^(0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)$/.test(word)) return Number(word);
  if (/^[-+]?\.(inf|Inf|INF)$/.test(word)) return word[0] === "-" ? -Infinity : Infinity;
  return /^\.(nan|NaN|NAN)$/.test(word) ? null : undefined;
}

/** Returns the tree of a comparison: { word: and | or | not, parts } or { sign, left, right }. */
function parsed(text) {
  const size = [...text].length;
  if (size > LONGEST) {
    throw new GrammarError(LONGEST + 1, `must have at most ${counted(LONGEST)} characters, got ${counted(size)}`);
  }
  const tokens = tokensOf(text);
  let [next, depth] = [0, 0];

  const takes = (...words) => {
    const token = tokens[next].token.toLowerCase();
    if (!words.includes(token)) return "";
    next += 1;
    return token;
  };
  const expected = (what) => {
    const { token, at } = tokens[next];
    throw new GrammarError(at, `expected ${what}, got ${token ? quoted(token) : "the end"}`, write(token));
  };
  const join = (word, parts) => (parts.length === 1 ? parts[0] : { word, parts });

  const any = () => joined("or", () => joined("and", one));
  function joined(word, part) {
    const parts = [part()];
    while (takes(word)) parts.push(part());
    return join(word, parts);
  }
  function one() {
    depth += 1;
    if (depth > DEEPEST) throw new GrammarError(tokens[next].at, `more than ${DEEPEST} levels of \`not\` and parentheses`);
    let tree;
    if (takes("not")) tree = { word: "not", parts: [one()] };
    else if (takes("(")) {
      tree = any();
      if (!takes(")")) expected("and, or, or )");
    } else tree = compared();
    depth -= 1;
    return tree;
  }
  function compared() {
    const parts = [];
    let left = value("a comparison such as learning_rate < 0.005");
    for (;;) {
      const sign = takes(...SIGNS);
      const negated = !sign && takes("not", "in");
      if (sign) {
        const right = value(`a value after ${sign}`);
        parts.push({ sign: sign === "=" ? "==" : sign, left, right });
        left = right;
      } else if (negated) {
        if (negated === "not" && !takes("in")) expected("in after not");
        parts.push(inList(left, negated === "not"));
        break;
      } else if (parts.length) break;
      else expected("<, <=, ==, !=, >=, > or in");
    }
    return join("and", parts);
  }
  function inList(left, negated) {
    const closing = (takes("(", "[") || expected("a list such as (converged, diverged)")) === "(" ? ")" : "]";
    const values = [value("a value")];
    while (!takes(closing)) {
      if (!takes(",")) expected(`a comma or ${closing}`);
      if (takes(closing)) break;
      values.push(value(`a value or ${closing}`));
    }
    const sign = negated ? "!=" : "==";
    return join(negated ? "and" : "or", values.map((right) => ({ sign, left, right })));
  }
  function value(what) {
    const { token, at } = tokens[next];
    if (!token || /^[<>=!()[\],]/.test(token) || /^(and|or|not|in)$/i.test(token)) expected(what);
    next += 1;
    if (/^["']/.test(token)) return { of: token.slice(1, -1), kind: "text", at };
    if (token[0] === "`") return { of: token.slice(1, -1), kind: "column", at };
    const number = yamlNumber(token, at);
    return number === undefined ? { of: token, kind: "word", at } : { of: number, kind: "number", at };
  }

  const tree = any();
  if (tokens[next].token) expected("and, or, or the end");
  return tree;
}

/**
 * Returns a function that says whether a row meets a text such as `learning_rate < 0.005 and outcome == converged`.
 *
 * What compares a missing value is unknown (null): neither it nor its `not` holds; only != does.
 *
 * @throws GrammarError whose message says where it is none over these columns, and why.
 */
function comparison(text, columns) {
  const isWords = (column) => Boolean(column.order) || !column.number;
  const columnOf = (name) => columns.find((column) => column.name === name);

  /** Returns a value of which it is known whether it is a column: a bare word is one, or else a text. */
  function settled(value, other) {
    if (value.kind === "number" || value.kind === "text") return { ...value, text: value.kind === "text" };
    const column = columnOf(value.of);
    if (column) return { ...value, kind: "column", column, text: isWords(column) };
    const beside = ["word", "column"].includes(other.kind) && columnOf(other.of);
    if (value.kind === "word" && beside && isWords(beside)) return { ...value, text: true };
    const name = beside ? other.of : "column";
    const missing = /^(null|none|na|nan|~)$/i.test(value.of) && `write ${name} != ${name} for what is missing`;
    const known = `known here: ${columns.map((each) => each.name).sort().join(", ")}`;
    throw new GrammarError(value.at, `there is no column ${quoted(value.of)}`, missing || write(value.of) || known);
  }

  function checkCategory({ column }, { of, kind, at }) {
    if (!column?.order || !["text", "word"].includes(kind) || column.order.includes(of)) return;
    throw new GrammarError(at, `${column.name} must be ${column.order.join(", ")}, got ${quoted(of)}`);
  }

  function holds(tree) {
    if (tree.word === "not") {
      const [part] = tree.parts.map(holds);
      return (row) => (part(row) === null ? null : !part(row));
    }
    if (tree.word) {
      const parts = tree.parts.map(holds);
      const decides = tree.word === "or";
      return (row) => {
        const found = parts.map((part) => part(row));
        return found.includes(decides) ? decides : found.includes(null) ? null : !decides;
      };
    }
    const [left, right] = [settled(tree.left, tree.right), settled(tree.right, tree.left)];
    if (left.text !== right.text) {
      const [{ of: column, text }, other] = right.column ? [right, left] : [left, right];
      const hint = other.kind === "text" ? `write ${other.of} without quotes` : "";
      throw new GrammarError(other.at, `${column} holds ${text ? "text" : "numbers"}, got ${quoted(String(other.of))}`, hint);
    }
    if (left.text && !["==", "!="].includes(tree.sign)) {
      throw new GrammarError(left.at, `text has no order, got ${tree.sign}`, "use == or !=");
    }
    checkCategory(left, right);
    checkCategory(right, left);
    const cell = ({ column, of }, row) => (column ? column.cells[row] : of);
    return (row) => {
      const [a, b] = [cell(left, row), cell(right, row)];
      return a === null || b === null ? tree.sign === "!=" || null : COMPARED[tree.sign](a, b);
    };
  }

  const found = holds(parsed(text));
  return (row) => found(row) === true;
}

/** Returns a column's name as a comparison has it. */
function named(name) {
  return /^[A-Za-z_][\w.]*$/.test(name) ? name : `\`${name}\``;
}

/** Returns the comparison that the cells of a column meet which are one of these words or numbers. */
function isOneOf(name, cells) {
  return `${named(name)} in (${cells.map((cell) => (typeof cell === "string" ? `"${cell}"` : cell)).join(", ")})`;
}

// Members that a JSON document gives twice: the last one counts, and field validation tells of the others.

/** Where a document keeps its findings: beside its members, so that nothing that copies or compares it notices. */
const FOUND = Symbol('duplicate fields');

/** Remembers with a parsed document what its text says twice. */
export function noteDuplicates(document: object, text: string): void {
  // Telling that there are none is much cheaper than telling which.
  if (countNames(text) === countMembers(document)) return;
  const paths = duplicateFields(text);
  if (paths.length > 0) Object.defineProperty(document, FOUND, { value: paths, enumerable: false });
}

/** How many members a text that is valid JSON gives: each has one colon outside of strings. */
function countNames(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x3a) count += 1;
    if (code !== 0x22) continue;
    index += 1;
    for (let inner = text.charCodeAt(index); inner !== 0x22; inner = text.charCodeAt(index))
      index += inner === 0x5c ? 2 : 1;
  }
  return count;
}

function countMembers(value: object): number {
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && item !== null) count += countMembers(item as object);
    return count;
  }
  for (const member of Object.values(value) as unknown[]) {
    count += 1;
    if (typeof member === 'object' && member !== null) count += countMembers(member);
  }
  return count;
}

/** The paths that were noted, in the order of the text. */
export function notedDuplicates(document: unknown): readonly string[] {
  if (typeof document !== 'object' || document === null) return [];
  const found: unknown = Reflect.get(document, FOUND);
  return Array.isArray(found) ? found.map(String) : [];
}

interface Level {
  readonly path: string;
  /** Absent for a list. */
  readonly names: Set<string> | undefined;
  index: number;
  /** Of the member whose value comes next. */
  name: string;
}

const STRING = /"(?:[^"\\]|\\.)*"/y;

/** The paths of repeated members of a text that is valid JSON, each as often as it is repeated (`spec.list[0].name`). */
export function duplicateFields(text: string): readonly string[] {
  const found: string[] = [];
  const levels: Level[] = [];
  let expectsName = false;
  const place = (): string => {
    const level = levels.at(-1);
    if (level === undefined) return '';
    if (level.names === undefined) return `${level.path}[${level.index}]`;
    return level.path === '' ? level.name : `${level.path}.${level.name}`;
  };
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case 0x7b: // {
        levels.push({ path: place(), names: new Set(), index: 0, name: '' });
        expectsName = true;
        break;
      case 0x5b: // [
        levels.push({ path: place(), names: undefined, index: 0, name: '' });
        break;
      case 0x7d: // }
      case 0x5d: // ]
        levels.pop();
        expectsName = false;
        break;
      case 0x2c: {
        // ,
        const level = levels.at(-1);
        if (level === undefined) break;
        level.index += 1;
        expectsName = level.names !== undefined;
        break;
      }
      case 0x22: {
        // "
        STRING.lastIndex = index;
        const literal = STRING.exec(text)?.[0] ?? '"';
        index += literal.length - 1;
        const level = levels.at(-1);
        if (!expectsName || level?.names === undefined) break;
        expectsName = false;
        const name = String(JSON.parse(literal));
        level.name = name;
        if (level.names.has(name)) found.push(place());
        level.names.add(name);
        break;
      }
      default:
    }
  }
  return found;
}

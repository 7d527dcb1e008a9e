// For tests: a second, independent reading of `ip -batch` text, which keeps what the kernel would keep.

/** What a batch leaves in one namespace. Lines that the real kernel would refuse throw, unless forced. */
export interface ModelKernel {
  readonly devices: Set<string>;
  readonly rules: Set<string>;
  /** `TABLE DESTINATION dev DEVICE ...`. */
  readonly routes: Set<string>;
  apply(lines: readonly string[], force?: boolean): void;
  /** Everything, sorted, for comparison. */
  snapshot(): readonly string[];
}

/** `devices` are there before: trunk and sub-ENI links. */
export function createModelKernel(devices: readonly string[]): ModelKernel {
  const state = { devices: new Set(devices), rules: new Set<string>(), routes: new Map<string, string>() };
  const fail = (line: string, why: string): never => {
    throw new Error(`${line}: ${why}`);
  };
  const needDevice = (line: string, device: string): void => {
    if (!state.devices.has(device)) fail(line, `no device ${device}`);
  };

  const link = (line: string, words: readonly string[]): void => {
    const name = words[2] ?? '';
    if (words[1] === 'add') {
      if (state.devices.has(name)) fail(line, 'exists');
      state.devices.add(name);
      return;
    }
    needDevice(line, name);
    if (words[1] !== 'delete') return;
    state.devices.delete(name);
    for (const [key, device] of state.routes) if (device === name) state.routes.delete(key);
  };
  const rule = (line: string, words: readonly string[]): void => {
    const text = words.slice(2).join(' ');
    if (words[1] === 'add') {
      if (state.rules.has(text)) fail(line, 'exists');
      state.rules.add(text);
    } else if (!state.rules.delete(text)) fail(line, 'no such rule');
  };
  const route = (line: string, words: readonly string[]): void => {
    const after = (word: string): string | undefined =>
      words.includes(word) ? words[words.indexOf(word) + 1] : undefined;
    const table = after('table') ?? 'main';
    if (words[1] === 'flush') {
      for (const key of state.routes.keys()) if (key.startsWith(`${table} `)) state.routes.delete(key);
      return;
    }
    const device = after('dev') ?? '';
    needDevice(line, device);
    const via = after('via');
    if (via !== undefined && !state.routes.has(`${table} ${via}/32`)) fail(line, `${via} is not on a link`);
    state.routes.set(`${table} ${words[2]}`, device);
  };

  const carryOut = (line: string): void => {
    const words = line.split(' ');
    if (words[0] === 'link') link(line, words);
    else if (words[0] === 'rule') rule(line, words);
    else if (words[0] === 'route') route(line, words);
    else fail(line, 'the model does not know it');
  };
  return {
    devices: state.devices,
    rules: state.rules,
    get routes() {
      return new Set([...state.routes].map(([key, device]) => `${key} dev ${device}`));
    },
    apply: (lines, force = false) => {
      for (const line of lines)
        try {
          carryOut(line);
        } catch (error) {
          if (!force) throw error;
        }
    },
    snapshot: () =>
      [
        ...[...state.devices].map((device) => `device ${device}`),
        ...[...state.rules].map((text) => `rule ${text}`),
        ...[...state.routes].map(([key, device]) => `route ${key} dev ${device}`),
      ].toSorted(),
  };
}

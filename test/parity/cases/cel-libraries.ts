// Parity cases: the types and functions that rules compute with.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';
import { causesOf, define, rules } from './cel-definitions.ts';

const docs = 'docs: reference/using-api/cel';

/** Every rule holds for the object, and its opposite fails. */
async function holds(
  t: ParityContext,
  properties: object,
  spec: object,
  expressions: readonly string[],
): Promise<void> {
  const thing = await define(t, { type: 'object', properties, ...rules(...expressions) });
  const answer = await thing.create('x', spec);
  assert.deepEqual(causesOf(answer), []);
  assert.equal(answer.code, 201, answer.text);
}

const text = { type: 'string', maxLength: 60 };
const texts = (more: object = {}): object => ({ type: 'array', maxItems: 5, items: text, ...more });

export const celLibraryCases: readonly ParityCase[] = [
  {
    id: 'cel/property-names-are-escaped',
    title: 'Properties that are no identifiers are written with escapes; keys of maps are written as they are',
    source: 'docs: custom-resource-definitions, "Escaping"; apiserver/pkg/cel/escaping.go',
    since: '1.25',
    mutation: {
      file: 'lab/kube/apiserver/cel/property-names.ts',
      find: "'-': '__dash__',",
      replace: "'-': '__hyphen__',",
    },
    run: (t) =>
      holds(
        t,
        {
          'a-b': text,
          'c.d': text,
          'e/f': text,
          g__h: text,
          namespace: text,
          map: { type: 'object', maxProperties: 5, additionalProperties: text },
        },
        { 'a-b': '1', 'c.d': '2', 'e/f': '3', g__h: '4', namespace: '5', map: { 'x-y.z': '6', namespace: '7' } },
        [
          "self.a__dash__b == '1'",
          "self.c__dot__d == '2'",
          "self.e__slash__f == '3'",
          "self.g__underscores__h == '4'",
          "self.__namespace__ == '5'",
          "self.map['x-y.z'] == '6' && self.map['namespace'] == '7'",
          "!('absent' in self.map) && has(self.__namespace__)",
        ],
      ),
  },
  {
    id: 'cel/list-types-decide-equality-and-sums',
    title: 'Sets are equal in any order, keyed lists by their keys; + makes unions of them and chains of other lists',
    source: 'docs: custom-resource-definitions, "Validation rules" (equality and concatenation of lists)',
    since: '1.25',
    mutation: {
      file: 'lab/kube/apiserver/cel/equality.ts',
      find: 'if (semantics === undefined)',
      replace: 'if (semantics !== null)',
    },
    run: (t) => {
      const keyed = {
        type: 'array',
        maxItems: 5,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: { type: 'object', required: ['k'], properties: { k: text, v: text } },
      };
      return holds(
        t,
        {
          s1: texts({ 'x-kubernetes-list-type': 'set' }),
          s2: texts({ 'x-kubernetes-list-type': 'set' }),
          l1: texts(),
          l2: texts(),
          keyed: { type: 'array', maxItems: 2, items: keyed },
        },
        {
          s1: ['a', 'b'],
          s2: ['b', 'a'],
          l1: ['a', 'b'],
          l2: ['b', 'a'],
          keyed: [
            [
              { k: '1', v: 'x' },
              { k: '2', v: 'y' },
            ],
            [
              { k: '2', v: 'z' },
              { k: '3', v: 'w' },
            ],
          ],
        },
        [
          'self.s1 == self.s2',
          'self.l1 != self.l2',
          "self.s1 + ['b', 'c'] == ['a', 'b', 'c']",
          "self.l1 + self.l2 == ['a', 'b', 'b', 'a']",
          "(self.keyed[0] + self.keyed[1]).size() == 3 && (self.keyed[0] + self.keyed[1])[1].v == 'z' && (self.keyed[0] + self.keyed[1])[2].v == 'w'",
        ],
      );
    },
  },
  {
    id: 'cel/formats-are-types',
    title: 'date-time, date and duration are timestamps and durations, byte is bytes, int-or-string is either',
    source: 'docs: custom-resource-definitions, "Validation rules" (type table)',
    since: '1.25',
    mutation: {
      file: 'lab/kube/apiserver/cel/schema-values.ts',
      find: 'const parsed = parseDuration(text) ?? parseLooseDuration(text);',
      replace: 'const parsed = parseLooseDuration(text);',
    },
    run: (t) =>
      holds(
        t,
        {
          moment: { type: 'string', format: 'date-time' },
          day: { type: 'string', format: 'date' },
          span: { type: 'string', format: 'duration' },
          data: { type: 'string', format: 'byte', maxLength: 20 },
          port: { 'x-kubernetes-int-or-string': true },
          share: { 'x-kubernetes-int-or-string': true },
          number: { type: 'number' },
        },
        {
          moment: '2024-02-29T12:30:15.5Z',
          day: '2024-02-28',
          span: '1h30m',
          data: 'aGVsbG8=',
          port: 80,
          share: '25%',
          number: 2,
        },
        [
          "self.moment > timestamp('2024-02-29T12:30:15Z') && self.moment.getMilliseconds() == 500 && self.moment.getDayOfYear() == 59",
          "self.moment.getHours('Asia/Tokyo') == 21 && self.moment.getMinutes('-01:15') == 15",
          "self.moment - self.day > duration('36h') && self.day + duration('24h') == timestamp('2024-02-29T00:00:00Z')",
          "self.span == duration('5400s') && self.span.getMinutes() == 90 && string(self.span) == '5400s'",
          "self.data == b'hello' && size(self.data) == 5 && string(self.data) == 'hello'",
          "type(self.port) == int && self.port < 81 && type(self.share) == string && self.share.endsWith('%')",
          'self.number == 2.0 && self.number < 3 && 1 < self.number && int(self.number) / 4 == 0 && self.number / 4.0 == 0.5',
        ],
      ),
  },
  {
    id: 'cel/strings-and-regular-expressions',
    title: 'Strings are cut, joined and searched by characters; find and findAll give what a pattern matches',
    source: `${docs}, "CEL extended strings library", "Kubernetes regex library"`,
    since: '1.29',
    mutation: {
      file: 'lab/kube/apiserver/cel/library/strings.ts',
      find: 'const runes = (text: Value): readonly string[] => Array.from(text as string);',
      replace: "const runes = (text: Value): readonly string[] => (text as string).split('');",
    },
    run: (t) =>
      holds(t, { s: text }, { s: 'a👑b,c' }, [
        "self.s.size() == 5 && self.s.charAt(1) == '👑' && self.s.substring(2) == 'b,c' && self.s.substring(0, 2) == 'a👑'",
        "self.s.split(',') == ['a👑b', 'c'] && self.s.split(',', 1) == ['a👑b,c']",
        "self.s.indexOf('b') == 2 && self.s.lastIndexOf('z') == -1 && self.s.replace('👑', '') == 'ab,c'",
        "' x '.trim() == 'x' && 'ÄbC'.lowerAscii() == 'Äbc' && 'äbc'.upperAscii() == 'äBC'",
        "'%s is %d, %.2f%% and %x'.format([self.s, 7, 1.5, 255]) == 'a👑b,c is 7, 1.50% and ff'",
        "self.s.matches('^a.b') && 'abc 123 45'.find('[0-9]+') == '123' && 'abc 123 45'.findAll('[0-9]+') == ['123', '45'] && 'abc 123 45'.findAll('[0-9]+', 1) == ['123']",
      ]),
  },
  {
    id: 'cel/lists-and-sets',
    title: 'Lists have sums, extremes, order and places; sets compare what they hold; macros run over lists and keys',
    source: `${docs}, "Kubernetes list library", "CEL sets library"`,
    since: '1.29',
    mutation: {
      file: 'lab/kube/apiserver/cel/library/lists.ts',
      find: 'const comesAfter = (one: Value, two: Value): boolean => (compareValues(one, two) ?? 0) > 0;',
      replace: 'const comesAfter = (one: Value, two: Value): boolean => (compareValues(one, two) ?? 0) < 0;',
    },
    run: (t) =>
      holds(
        t,
        {
          n: { type: 'array', maxItems: 5, items: { type: 'integer' } },
          m: { type: 'object', maxProperties: 5, additionalProperties: { type: 'integer' } },
        },
        { n: [3, 1, 2, 1], m: { a: 1, b: 2 } },
        [
          'self.n.sum() == 7 && self.n.max() == 3 && self.n.min() == 1 && !self.n.isSorted() && [1, 1, 2].isSorted()',
          'self.n.indexOf(1) == 1 && self.n.lastIndexOf(1) == 3 && self.n.indexOf(9) == -1',
          'sets.contains(self.n, [1, 2]) && sets.equivalent(self.n, [1, 2, 3]) && !sets.intersects(self.n, [7])',
          'self.n.all(x, x > 0) && self.n.exists(x, x == 3) && self.n.exists_one(x, x == 2) && !self.n.exists_one(x, x == 1)',
          'self.n.map(x, x * 2) == [6, 2, 4, 2] && self.n.map(x, x > 1, x * 2) == [6, 4] && self.n.filter(x, x < 2) == [1, 1]',
          'self.m.all(k, self.m[k] < 3) && self.m.map(k, self.m[k]).sum() == 3',
        ],
      ),
  },
  {
    id: 'cel/quantities-urls-and-optionals',
    title: 'Quantities compare by value, URLs have parts, and optional values stand in for what may be absent',
    source: `${docs}, "Kubernetes quantity library", "Kubernetes URL library", "CEL optional types"`,
    since: '1.29',
    mutation: {
      file: 'lab/kube/apiserver/cel/library/quantities.ts',
      find: "declare('Quantity.isGreaterThan(Quantity) bool', (value, other) => nanos(value) > nanos(other), one),",
      replace: "declare('Quantity.isGreaterThan(Quantity) bool', (value, other) => nanos(value) < nanos(other), one),",
    },
    run: (t) =>
      holds(
        t,
        { size: text, link: text, deep: { type: 'object', properties: { x: text } } },
        { size: '1.5Gi', link: 'https://user@[::1]:8443/a%20b?q=1&q=2#frag' },
        [
          "quantity(self.size).isGreaterThan(quantity('1500Mi')) && quantity('1k').compareTo(quantity('1000')) == 0 && quantity('0.5') == quantity('500m')",
          "isQuantity(self.size) && !isQuantity('1GB') && quantity('3').add(quantity('2')).sub(1).asInteger() == 4 && sign(quantity('-1')) == -1",
          "url(self.link).getScheme() == 'https' && url(self.link).getHost() == '[::1]:8443' && url(self.link).getHostname() == '::1' && url(self.link).getPort() == '8443'",
          "url(self.link).getEscapedPath() == '/a%20b' && url(self.link).getQuery()['q'] == ['1', '2'] && isURL('/abs') && !isURL('rel')",
          "!self.?deep.hasValue() && self.?deep.?x.orValue('none') == 'none'",
          "optional.of(1).or(optional.none()).value() == 1 && optional.ofNonZeroValue('').orValue('z') == 'z' && [1][?5].orValue(0) == 0",
        ],
      ),
  },
];

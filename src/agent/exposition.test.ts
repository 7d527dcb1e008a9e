// The text that a scrape of the agent reads.
import { expect, it } from 'vitest';
import { createExposition } from './exposition.ts';

it('a histogram counts in each bucket what is not above its bound, and everything in the infinite one', () => {
  const exposition = createExposition();
  const calls = exposition.histogram('call_seconds', 'Calls', ['command', 'code'], [0.1, 1]);
  for (const seconds of [0.05, 0.1, 0.5, 7]) calls.observe(['ADD', '0'], seconds);
  calls.zero(['DEL', '0']);
  calls.zero(['ADD', '0']);
  expect(exposition.text()).toBe(
    `# HELP call_seconds Calls
# TYPE call_seconds histogram
call_seconds_bucket{le="0.1",command="ADD",code="0"} 2
call_seconds_bucket{le="1",command="ADD",code="0"} 3
call_seconds_bucket{le="+Inf",command="ADD",code="0"} 4
call_seconds_sum{command="ADD",code="0"} 7.65
call_seconds_count{command="ADD",code="0"} 4
call_seconds_bucket{le="0.1",command="DEL",code="0"} 0
call_seconds_bucket{le="1",command="DEL",code="0"} 0
call_seconds_bucket{le="+Inf",command="DEL",code="0"} 0
call_seconds_sum{command="DEL",code="0"} 0
call_seconds_count{command="DEL",code="0"} 0
`,
  );
});

it('counters add up per label, a gauge is what was set last, and a value of a label is escaped', () => {
  const exposition = createExposition();
  const repairs = exposition.counter('repairs_total', 'Repairs', 'kind');
  const wired = exposition.gauge('wired', 'Sandboxes');
  repairs.inc('rule', 0);
  repairs.inc('a "b"\\\n', 2);
  repairs.inc('rule');
  repairs.inc('rule', 3);
  wired.set(5);
  wired.set(4);
  expect(repairs.get('rule')).toBe(4);
  expect(exposition.text()).toContain('repairs_total{kind="rule"} 4\nrepairs_total{kind="a \\"b\\"\\\\\\n"} 2\n');
  expect(exposition.text()).toContain('# TYPE wired gauge\nwired 4\n');
});

// What `doctor` prints of what nobody can know from here.
import { expect, it } from 'vitest';
import type { DoctorReport } from '../../diagnose/doctor/doctor.ts';
import { styleFor } from '../table.ts';
import { renderDoctor } from './render.ts';

it('one reason for several things that are not known is told once, and each problem in full', () => {
  const unknown = (subject: string) => ({ severity: 'unknown', subject, message: 'there are no credentials' }) as const;
  const problem = (subject: string) => ({ severity: 'problem', subject, message: 'it is full' }) as const;
  const check = (id: string, findings: DoctorReport['checks'][number]['findings']) =>
    ({ id, title: `about ${id}`, state: findings[0]?.severity ?? 'ok', findings }) as const;
  const report: DoctorReport = {
    takenAt: '2026-01-01T00:00:00Z',
    checks: [
      check('subnets', [unknown('container subnets'), problem('subnet-1'), problem('subnet-2')]),
      check('orphans', [unknown('ENIs')]),
    ],
    drift: [],
    actions: [],
  };
  expect(renderDoctor(report, styleFor({}, true), false).split('\n').slice(0, 6)).toEqual([
    'unknown  subnets: about subnets',
    '         container subnets: there are no credentials',
    '         subnet-1: it is full',
    '         subnet-2: it is full',
    'unknown  orphans: about orphans',
    '         ENIs: not known, for the reason above',
  ]);
});

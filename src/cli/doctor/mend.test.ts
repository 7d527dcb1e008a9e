// `doctor --fix --yes` touches nothing but what a check says needs no decision.
import { expect, it } from 'vitest';

import type { DoctorReport } from '../../diagnose/doctor/doctor.ts';
import { mend } from './mend.ts';

it('deletes claims past their time, and leaves what needs a decision to people', async () => {
  const report: DoctorReport = {
    takenAt: '',
    drift: [],
    actions: [],
    checks: [
      {
        id: 'claims',
        title: '',
        state: 'problem',
        findings: [
          { severity: 'problem', subject: 'eipclaim shop/web-0', message: '', fix: { text: '', automatic: true } },
          { severity: 'warning', subject: 'vpcipclaim shop/web-1', message: '', fix: { text: '', automatic: false } },
        ],
      },
      {
        id: 'orphans',
        title: '',
        state: 'warning',
        findings: [{ severity: 'warning', subject: 'eni-12ab34cd', message: '', fix: { text: '', automatic: true } }],
      },
    ],
  };
  const deleted: string[] = [];
  const told: string[] = [];
  const client = {
    delete: (resource: { readonly kind: string }, name: string, options?: { readonly namespace?: string }) => {
      deleted.push(`${resource.kind} ${options?.namespace ?? ''}/${name}`);
      return Promise.resolve();
    },
  };
  await mend(client, report, (line) => told.push(line), new AbortController().signal);
  expect(deleted).toEqual(['EIPClaim shop/web-0']);
  expect(told).toEqual(['deleted eipclaim shop/web-0']);
});

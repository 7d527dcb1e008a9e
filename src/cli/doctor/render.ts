// `doctor` as text: one line for each check, its findings below, the drift as a table.
import type { DoctorReport } from '../../diagnose/doctor/doctor.ts';
import type { Finding } from '../../diagnose/doctor/check.ts';
import { renderTable, type Style } from '../table.ts';
import { joined } from '../text.ts';

/** `fix`: say of each finding what would be done and by whom. */
export function renderDoctor(report: DoctorReport, style: Style, fix: boolean): string {
  const mark = {
    ok: style.green('ok     '),
    problem: style.red('PROBLEM'),
    warning: style.yellow('warning'),
    unknown: style.dim('unknown'),
  };
  // What nobody can know for one reason is told once at length.
  const told = new Set<string>();
  const shortly = (finding: Finding): Finding => {
    if (finding.severity !== 'unknown') return finding;
    const again = told.has(finding.message);
    told.add(finding.message);
    return again ? { ...finding, message: 'not known, for the reason above' } : finding;
  };
  const lines = report.checks.flatMap((check) => [
    `${mark[check.state]}  ${check.id}: ${check.title}\n`,
    ...(check.id === 'drift' && report.drift.length > 0
      ? []
      : check.findings.map((finding) => findingText(shortly(finding), fix))),
  ]);
  const { drift } = report;
  const shown = report.checks.some(({ id }) => id === 'drift');
  const table =
    drift.length === 0 || !shown
      ? ''
      : `${style.bold('Drift')}\n${renderTable(
          ['  OBJECT', 'FIELD', 'RECORDED', 'CLOUD', 'KERNEL', 'WHAT MENDS IT'],
          drift.map((row) => [`  ${row.subject}`, row.field, row.recorded, row.cloud, row.kernel || '-', row.fix]),
        )}`;
  const counts = (['problem', 'warning', 'unknown'] as const).map(
    (severity) =>
      `${report.checks.reduce((sum, { findings }) => sum + findings.filter((each) => each.severity === severity).length, 0)} ${severity === 'problem' ? 'problems' : severity === 'warning' ? 'warnings' : 'not known'}`,
  );
  const as = report.probedAs === undefined ? '' : `; CAM was asked with ${report.probedAs}`;
  return joined([lines.join(''), table, `${counts.join(', ')}${as}\n`]);
}

function findingText({ subject, message, fix }: Finding, detailed: boolean): string {
  const lines = [`         ${subject}: ${message}`];
  if (fix !== undefined) {
    const who = detailed ? (fix.automatic ? 'would be done by --fix --yes: ' : 'for you: ') : '';
    lines.push(`           -> ${who}${fix.text}${fix.command === undefined ? '' : `: ${fix.command}`}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

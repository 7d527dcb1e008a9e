// A program for tests: a lab with a namespace and a process in it, that says what it holds and waits to be killed.
import { startLabHost } from '../lab-host.ts';
import { silentLogger } from '../../../src/base/logger.ts';

const [projectDir = '', stateDir = '', marker = ''] = process.argv.slice(2);
const host = await startLabHost({ logger: silentLogger, projectDir, stateDir });
await host.addNetns('held');
// The marker is an argument that nothing else on the machine has, by which the test finds the process.
await host.spawn(['sh', '-c', 'while :; do sleep 600; done', marker], { netns: 'held', logFile: `${stateDir}/log` });
process.stdout.write(`${JSON.stringify({ helperPid: host.helperPid })}\n`);

// The node's tools in a test's own network namespace.
import { createTool, type Tool } from '../../node-network/run-tool.ts';
import { agentErrors } from '../errors.ts';

/** `netns`: its path. */
export const nodeTool = (netns: string): Tool =>
  createTool({ refused: agentErrors.kernel, lead: ['nsenter', `--net=${netns}`] });

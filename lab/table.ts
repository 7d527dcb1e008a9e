// The lab prints tables and colours as the command line does.
export { renderTable, type Style, styleFor } from '../src/cli/table.ts';

// Starts the reader in its child process: the first line of stdin is the code without types, the second the request.
import { registerHooks } from 'node:module';

let input = '';
process.stdin.setEncoding('utf8');
for await (const chunk of process.stdin) input += chunk;
const [code, request] = input.split('\n');
/** @type {Record<string, string>} */
const texts = JSON.parse(code ?? '');
registerHooks({
  load: (address, context, next) => {
    const source = texts[address];
    return source === undefined ? next(address, context) : { format: 'module', source, shortCircuit: true };
  },
});
const { answer } = await import('./child.ts');
await answer(JSON.parse(request ?? ''));

/**
 * What a worker runs: it installs the scheduler, then libraries of kernels as they come, and works between messages.
 * `work` returns when there is a library that is not installed yet, whose message is then on its way: so the worker
 * needs neither a timer nor a way to read messages while it waits. `receive` and `send` are the platform's.
 */
export const workerSource = `
let env, worker, work, installed = 0;
receive((message) => {
  if (message.scheduler) {
    const table = new WebAssembly.Table({ element: "anyfunc", initial: 0 });
    env = { memory: message.memory, table, finished: () => send("finished") };
    worker = message.worker;
    work = new WebAssembly.Instance(message.scheduler, { env }).exports.work;
  } else {
    env.table.grow(message.size - env.table.length);
    new WebAssembly.Instance(message.library, { env });
    installed++;
  }
  work(worker, installed);
});
`;

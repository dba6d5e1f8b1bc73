/** The client tools this page offers. */

const TOOLS = {
  get_time: () => ({ time: new Date().toISOString(), time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone }),
  get_page_title: () => ({ title: document.title }),
  confirm: async ({ title, message }, host) => ({
    confirmed: (await host.ask({ title: title ?? 'Please confirm', text: message ?? 'Go on?', ok: 'Yes' })) !== null,
  }),
};

/** What a tool returns, for the server; a failure is an answer too. */
export async function useTool(tool, host) {
  try {
    if (!Object.hasOwn(TOOLS, tool.name)) throw new Error(`this page has no tool named ${tool.name}`);
    return await TOOLS[tool.name](tool.arguments ?? {}, host);
  } catch (error) {
    return { error: error.message };
  }
}

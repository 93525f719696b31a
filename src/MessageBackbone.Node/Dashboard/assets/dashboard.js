// Everything of our own that runs in the browser: times in the viewer's zone, and what is shown while the connection to the node is away.
(() => {
  'use strict';

  const local = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'long' });
  const tell = event => {
    const time = event.target instanceof Element ? event.target.closest('time[data-local]') : null;
    // Each time anew: on a page that stays connected the time goes on.
    if (time) time.title = local.format(new Date(time.dateTime));
  };
  document.addEventListener('mouseover', tell);
  document.addEventListener('focusin', tell);

  // A connection that is gone for good, because the node was restarted, gets a new page from it as soon as it answers.
  const modal = document.getElementById('components-reconnect-modal');
  const pauses = [500, 1000, 2000, 4000];
  let away = false;

  const answers = async () => {
    try {
      const reply = await fetch('favicon.ico', { cache: 'no-store' });
      return reply.ok;
    } catch {
      return false;
    }
  };
  const comeBack = async () => {
    for (let turn = 0; away; turn++) {
      await new Promise(resume => {
        const timer = setTimeout(resume, pauses[Math.min(turn, pauses.length - 1)]);
        document.getElementById('reconnect-now').onclick = () => { clearTimeout(timer); resume(); };
      });
      if (!away || !await answers()) continue;
      let back = false;
      // Refused, because whoever is signed in may no longer be: the page that is loaded then says so.
      try { back = await Blazor.reconnect(); } catch { if (!await answers()) continue; }
      if (back) { away = false; modal.close(); return; }
      location.reload();
      return;
    }
  };

  Blazor.start({
    circuit: {
      reconnectionHandler: {
        onConnectionDown: () => { if (away) return; away = true; modal.showModal(); comeBack(); },
        onConnectionUp: () => { away = false; if (modal.open) modal.close(); },
      },
    },
  });
})();

"use strict";
// Draws each chart when it comes into view, in the colours of light, dark or print.
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const themes = {
    light: { ink: "#1c2126", quiet: "#555d66", grid: "#e3e6e9", paper: "#fdfdfc" },
    dark: { ink: "#e4e7ea", quiet: "#a3abb3", grid: "#363c42", paper: "#15181b" },
  };
  const family = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
  const drawn = new Set();

  const painted = (chart, theme) => {
    const title = (axis) => (axis.title ? { title: { ...axis.title, font: { size: 13 } } } : {});
    const axis = { gridcolor: theme.grid, linecolor: theme.grid, zerolinecolor: theme.grid };
    const layout = {
      ...chart.layout,
      font: { family, size: 13, color: theme.quiet },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      hoverlabel: { bgcolor: theme.paper, bordercolor: theme.quiet, font: { family, color: theme.ink } },
      xaxis: { ...axis, ...chart.layout.xaxis, ...title(chart.layout.xaxis) },
      yaxis: { ...axis, ...chart.layout.yaxis, ...title(chart.layout.yaxis) },
    };
    const data = chart.data.map((trace) =>
      trace.meta !== "node" ? trace : {
        ...trace,
        marker: { ...trace.marker, color: theme.ink, line: { width: 1, color: theme.paper } },
      });
    return { data, layout };
  };

  const draw = (name, theme) => {
    const { data, layout } = painted(charts[name], theme);
    Plotly.react(name, data, layout, { displayModeBar: false, responsive: true });
    drawn.add(name);
  };
  const current = () => (dark.matches ? themes.dark : themes.light);

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) {
        seen.unobserve(entry.target);
        draw(entry.target.id, current());
      }
    }
  }, { rootMargin: "600px" });
  for (const name of Object.keys(charts)) seen.observe(document.getElementById(name));

  dark.addEventListener("change", () => drawn.forEach((name) => draw(name, current())));

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const one of closed) one.open = true;
    for (const name of Object.keys(charts)) draw(name, themes.light);
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
    for (const name of drawn) draw(name, current());
  });
})();

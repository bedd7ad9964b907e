// Keys for a list: j and k to the next and the one before, x to choose, Enter to open.
(() => {
  "use strict";
  const form = document.querySelector("form[data-keys]");
  if (!form) return;
  document.querySelector(".keys").hidden = false;
  const rows = [...form.querySelectorAll("tbody tr")];
  const at = () => rows.findIndex((row) => row.contains(document.activeElement));
  const to = (i) => rows[Math.max(0, Math.min(rows.length - 1, i))].querySelector("a").focus();
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=checkbox]), select, textarea")) return;
    const i = at();
    switch (event.key) {
      case "j": to(i + 1); break;
      case "k": to(i < 0 ? 0 : i - 1); break;
      case "x": if (i >= 0) rows[i].querySelector("input").click(); break;
      case "r": document.getElementById("reason").focus(); event.preventDefault(); break;
      default: return;
    }
  });
})();

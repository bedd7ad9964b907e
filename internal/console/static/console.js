// Passkeys: the one thing that pages cannot do without a script.
(() => {
  "use strict";
  if (!window.PublicKeyCredential || !PublicKeyCredential.parseRequestOptionsFromJSON) return;
  for (const part of document.querySelectorAll(".passkey")) part.hidden = false;

  const post = async (address, body) => {
    const answer = await fetch(address, {
      method: "POST", credentials: "same-origin",
      headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error("refused");
    return answer.json();
  };

  const run = async (button) => {
    const options = (await post(button.dataset.begin, {})).publicKey;
    const credential = button.dataset.passkey === "make"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    const label = document.getElementById("label");
    const end = button.dataset.end + (label ? "?label=" + encodeURIComponent(label.value) : "");
    location.assign((await post(end, credential.toJSON())).next);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-passkey]");
    if (!button) return;
    const problem = document.getElementById("passkey-problem");
    problem.hidden = true;
    button.disabled = true;
    run(button).catch(() => { problem.hidden = false; }).finally(() => { button.disabled = false; });
  });
})();

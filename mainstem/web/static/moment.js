// A slider over the moments at which something became known. Without it the form and the list of moments do the same.
"use strict";

(function () {
  const form = document.querySelector("form[data-moments]");
  const moments = form ? form.dataset.moments.split(" ").filter(Boolean) : [];
  if (moments.length < 2) return;
  const field = form.querySelector("#at");
  const label = document.createElement("label");
  const slider = document.createElement("input");
  label.className = "label";
  label.htmlFor = "moment";
  label.textContent = "Or slide to a moment when something became known";
  slider.type = "range";
  slider.id = "moment";
  slider.className = "slider";
  slider.max = String(moments.length - 1);

  function place() {
    const after = moments.findIndex(function (moment) { return moment > field.value; });
    slider.value = String(after === -1 ? moments.length - 1 : Math.max(0, after - 1));
    tell();
  }

  function tell() {
    slider.setAttribute("aria-valuetext", moments[Number(slider.value)].replace("T", " ") + " UTC");
  }

  slider.addEventListener("input", function () {
    field.value = moments[Number(slider.value)];
    tell();
  });
  field.addEventListener("change", place);
  form.querySelector(".form-group").append(label, slider);
  place();
})();

// Opening another model: by the button, or dropped anywhere on the page.

const LARGEST = 512 * 1024 * 1024;

// Calls opened(name, bytes) with the content of a file, and refused(name, why) if it has none.
export function acceptFiles(button, input, opened, refused) {
  const read = async (file) => {
    if (file.size > LARGEST) {
      refused(file.name, "larger than any model: 512 MB at most");
      return;
    }
    let bytes;
    try {
      bytes = new Uint8Array(await file.arrayBuffer());
    } catch {
      refused(file.name, "cannot be read; is it a folder?");
      return;
    }
    opened(file.name, bytes);
  };
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    if (input.files.length !== 0) read(input.files[0]);
    input.value = "";  // the same file may come again
  });

  const root = document.documentElement;
  let depth = 0;  // of elements that a drag is in
  const carriesFile = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => {
    if (!carriesFile(event)) return;
    ++depth;
    root.toggleAttribute("data-dropping", true);
  });
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) root.removeAttribute("data-dropping");
  });
  addEventListener("dragover", (event) => {
    if (carriesFile(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    depth = 0;
    root.removeAttribute("data-dropping");
    if (event.dataTransfer.files.length !== 0) read(event.dataTransfer.files[0]);
  });
}

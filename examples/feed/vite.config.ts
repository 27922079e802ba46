import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` serves the page; its backend is `python -m demo.feed`, on this port unless you say otherwise.
const BACKEND = "http://127.0.0.1:8090";

export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/demo": BACKEND, "/api": BACKEND } },
  // Nothing inline: the page's Content-Security-Policy takes files alone. The built page is committed, without maps.
  build: { target: "es2022", modulePreload: { polyfill: false }, assetsInlineLimit: 0, sourcemap: false },
});

// Names that build.mjs writes into the sources.
declare const __TG_WASM__: string;
declare const __TG_QR__: string;
declare const __TG_FILES__: string;
declare const __TG_VERSION__: string;

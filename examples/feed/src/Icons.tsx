// Drawn in the page: nothing is loaded for them. Each button names itself; icons are silent.
const PATHS = {
  heart: "M12 20.500C5.500 15.800 3 12.600 3 9.200 3 6.500 5 4.500 7.500 4.500c1.800 0 3.500 1 4.500 2.700 1-1.700 2.700-2.700 4.500-2.700 2.500 0 4.500 2 4.500 4.700 0 3.400-2.500 6.600-9 11.300Z",
  alike: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM16.500 13v7M13 16.500h7",
  dots: "M5 12h.01M12 12h.01M19 12h.01",
  follow: "M12 5v14M5 12h14",
  refresh: "M20 11a8 8 0 1 0-.600 4M20 5v6h-6",
  close: "M6 6l12 12M18 6 6 18",
  back: "M15 5l-7 7 7 7",
  up: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  hide: "M4 4l16 16M10 6.200A9 9 0 0 1 12 6c5 0 8.500 6 8.500 6a15 15 0 0 1-2.600 3.200M6.500 8A15 15 0 0 0 3.500 12S7 18 12 18c1.300 0 2.500-.400 3.600-1",
  why: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM9.700 9.500a2.400 2.400 0 1 1 3.500 2.100c-.800.400-1.200 1-1.200 1.900M12 16.700h.01",
};

export type IconName = keyof typeof PATHS;

export function Icon({ name, filled = false }: { name: IconName; filled?: boolean }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} fill={filled ? "currentColor" : "none"} />
    </svg>
  );
}

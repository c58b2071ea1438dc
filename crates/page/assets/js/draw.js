// All drawing functions of panels, under one name.

export * from "any2any/draw/elements";
export * from "any2any/draw/colours";
export * from "any2any/draw/heatmap";
export * from "any2any/draw/arcs";
export * from "any2any/draw/tooltip";
export * from "any2any/draw/download";
export * from "any2any/draw/frame";
export * from "any2any/draw/matrix";

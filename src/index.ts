/** @file The public API. Re-exports only. */
export type {
  CollectiveTraffic,
  Mapping,
  RunOptions,
  SessionOptions,
  SessionStats,
  SessionStatus,
} from "./actors/session-types.ts";
export { type Boxing, type BoxingSide, type BoxingStep, planBoxing } from "./boxing.ts";
export { type Cluster, clusters } from "./clusters.ts";
export type { CountedCollective } from "./communication.ts";
export { type CompileOptions, compile, type Sharding } from "./compile.ts";
export { type ScheduleName, type ScheduleOptions, schedule } from "./compiler/pipeline/schedule.ts";
export {
  type ScheduleCosts,
  type ScheduleRank,
  type ScheduleSimulation,
  type ScheduleSpan,
  type StageCost,
  simulateSchedule,
} from "./compiler/pipeline/simulate.ts";
export { parseSchedule, printSchedule } from "./compiler/pipeline/text.ts";
export { type VerifyOptions, verifySchedule } from "./compiler/pipeline/verify.ts";
export {
  type DefinedOp,
  defineOp,
  type KernelOperand,
  type OpDefinition,
  type OpFunction,
  type OpRule,
  type RuleSbp,
} from "./define.ts";
export { type GlobalTensor, globalTensor } from "./global-tensor.ts";
export { customGradient } from "./graph/custom-gradient.ts";
export { opError } from "./graph/define.ts";
export { concat, stack, where } from "./graph/functions.ts";
export {
  type Clipped,
  type Graph,
  graph,
  type Inputs,
  type MinimizeOptions,
  type Outputs,
  type Scaled,
  type Training,
} from "./graph/graph.ts";
export { B, type Layout, layout, P, type Reduction, S } from "./graph/layout.ts";
export type { LossScale, LossScaleOptions } from "./graph/loss-scale.ts";
export type { Embedding } from "./graph/nn/embedding.ts";
export * as nn from "./graph/nn/index.ts";
export type { Module } from "./graph/nn/module.ts";
export type { HasParameters, Param } from "./graph/nn/parameter.ts";
export type { AdamOptions } from "./graph/optim/adam.ts";
export type { AdamWOptions } from "./graph/optim/adamw.ts";
export * as optim from "./graph/optim/index.ts";
export type { LambOptions } from "./graph/optim/lamb.ts";
export type { SgdOptions } from "./graph/optim/sgd.ts";
export type { Optimizer } from "./graph/optim/update.ts";
export { type Device, type Input, type Placement, placement } from "./graph/placement.ts";
export type { Random } from "./graph/random.ts";
export type { Tensor } from "./graph/tensor.ts";
export type { FeedMismatch, Step } from "./graph/types/feed.ts";
export type { Dim, Shape, ShapeError as ShapeMismatch } from "./graph/types/shape.ts";
export { array, type NdArray, toFloat32, toHalf } from "./ir/array.ts";
export type { DType } from "./ir/dtype.ts";
export {
  DataError,
  FeedError,
  GraphError,
  InternalError,
  LayoutError,
  OptionError,
  PlacementError,
  PlanError,
  ScheduleError,
  SessionError,
  ShapeError,
  SluiceError,
} from "./ir/errors.ts";
export type { ActorFlight, FiringName, Flight, FlightEvent, ThreadFlight } from "./ir/flight.ts";
export type { Action, ActionKind, Schedule, ScheduleLane } from "./ir/pipeline.ts";
export type { Collective, PlanData, RankMemory } from "./ir/plan.ts";
export type { SessionEvent, StepMetrics } from "./ir/session.ts";
export { type Hang, type LaunchOptions, launch, type Runner, type Session, type States } from "./launch.ts";
export type { LinkModel, LinkModels } from "./links.ts";
export { type MetricsFiles, type MetricsWriter, writeMetrics } from "./metrics/write.ts";
export { Plan } from "./plan.ts";
export type { Precision, PrecisionOptions } from "./precision.ts";
export type { LinkTraffic } from "./sbp/traffic.ts";
export type {
  DeviceModel,
  RankUse,
  SimulatedSpan,
  SimulatedTraffic,
  SimulateOptions,
  Simulation,
} from "./simulate.ts";
export { type CurveOptions, curve, type Point, type Series } from "./view/curve.ts";
export { type LiveOptions, type LiveView, serveLive } from "./view/live/serve.ts";
export { type OnnxOptions, type StateSource, toOnnx } from "./view/onnx/to-onnx.ts";
export { type RenderScheduleOptions, renderSchedule } from "./view/schedule-svg.ts";
export type { StepSummary } from "./view/trace/summary.ts";
export { summaryTable } from "./view/trace/table.ts";
export { type LaidOut, type VisualizeOptions, visualize } from "./visualize.ts";

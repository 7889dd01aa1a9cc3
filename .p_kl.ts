import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { PpoSchema, PretrainingSchema } from './contracts/run-config.ts';
import { randomStream } from './imaging/random.ts';
import { UNet3D } from './method/networks/unet3d.ts';
import { FineTune } from './method/ppo/fine-tune.ts';
import { Pretraining } from './method/pretraining/pretraining.ts';
import { labelledWindowsOf, windowsOf } from './method/pretraining/training-windows.ts';
const shape = { baseFilters: 8, maxFilters: 320, strides: [[1,1,1],[1,2,2],[2,2,2],[2,2,2]] as any, kernels: [[1,3,3],[3,3,3],[3,3,3],[3,3,3]] as any, inputChannels: 1, outputChannels: 3, deepSupervision: false };
const S=48;
const grey=[0.1,0.8,0.45];
function clip(k:number, target:boolean){const r=randomStream(9,'c',k, target?1:0);const g={frames:8,rows:S,columns:S,spacingMm:[1,1] as const,frameTimeMs:40};
 const cy=S/2+6*(r.uniform()-.5),cx=S/2+6*(r.uniform()-.5),ri=7+3*r.uniform();
 const labels=Uint8Array.from({length:8*S*S},(_,i)=>{const d=Math.hypot(Math.floor(i/S)%S-cy,i%S-cx);return d<ri?1:d<ri+5?2:0});
 const noise=target?0.2:0.08, c=target?0.6:1;
 return {image:{...g,intensities:Float32Array.from(labels,l=>Math.min(1,Math.max(0,0.3*(1-c)+c*grey[l]!+noise*r.normal())))},labels:{...g,labels}};}
const src=Array.from({length:12},(_,k)=>clip(k,false)), tgt=Array.from({length:12},(_,k)=>clip(k,true));
const policy=UNet3D.initialise(shape,randomStream(1,'p'));
const pre=new Pretraining({policy,windows:labelledWindowsOf(src),config:PretrainingSchema.parse({steps:150,learningRate:2e-3}),seed:1});
let l=0;while(!pre.done)l=pre.step().loss;console.log('pretrain loss',l);
const reference=UNet3D.fromArrays(shape,policy.toArrays());
const critic=UNet3D.initialise({...shape,outputChannels:1},randomStream(1,'c'));
const truthByMean=new Map<string,Uint8Array>();
const windows=windowsOf(tgt.map(t=>t.image));
// reward = correct label (perfect reward)
let lastPlace:{v:number,s:number}={v:0,s:0};
const tracked={...windows,window:(v:number,s:number,f:number)=>{lastPlace={v,s};return windows.window(v,s,f)}};
const rewardOf=(image:any,actions:any)=>tf.tidy(()=>{const f=image.shape[1];const lab=tgt[lastPlace.v]!.labels.labels.subarray(lastPlace.s*S*S,(lastPlace.s+f)*S*S);
 return tf.cast(tf.equal(actions,tf.tensor4d(Int32Array.from(lab),actions.shape,'int32')),'float32') as tf.Tensor4D});
const lr=Number(process.argv[2]??1e-3);
const ft=new FineTune({policy,reference,critic,rewardOf,windows:tracked,config:PpoSchema.parse({epochs:1,windowsPerEpoch:60,policyLearningRate:lr,entropyCoefficient:Number(process.argv[3]??0.15)}),iteration:1,seed:1,limits:{maxReferenceKl:1e9,minEntropyShare:0,maxRollbacksInARow:9}});
for(let i=0;i<60;i++){const m=ft.step().metrics;if(i%6===0||i>57)console.log(i,'rew',m.meanReward.toFixed(3),'H',m.entropy.toFixed(3),'Href',m.referenceEntropy.toFixed(3),'KLref',m.referenceKl.toFixed(3),'aKL',m.approxKl.toFixed(4),'clip',m.clipFraction.toFixed(3),'ev',m.explainedVariance.toFixed(2),'gn',m.policyGradientNorm.toFixed(3),m.criticGradientNorm.toFixed(3),'fg',m.foregroundShare.toFixed(3))}

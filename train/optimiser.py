# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""The optimiser: Adam, and for the large convolutions, if wanted, updates of which all directions are equally long.

The latter is Muon (K. Jordan and others, "Muon: an optimizer for hidden layers in neural networks", 2024) with the
scale of J. Liu and others, "Muon is scalable for LLM training", 2025, section 2.2: a convolution's weights are a
matrix [out, in * 3 * 3], its averaged gradient is made nearly orthogonal by Newton-Schulz steps, and is scaled to
the root mean square of Adam's updates, so that both share one learning rate.
"""
from __future__ import annotations

from typing import Dict, List, Tuple

import torch
from torch import Tensor, nn

MOMENTUM = 0.95
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)  # of the odd polynomial
NEWTON_SCHULZ_STEPS = 5
UPDATE_RMS = 0.2


def is_matrix(name: str, parameter: Tensor) -> bool:
    """Whether a parameter is the weights of a 3x3 convolution of encoder or decoder."""
    return name.startswith(("enc.", "dec.")) and parameter.dim() == 4 and parameter.shape[-1] == 3


def orthogonalise(matrices: Tensor) -> Tensor:
    """Nearly U V' of matrices [N,rows,columns] = U S V', rows <= columns; singular values come to 0.7 .. 1.2."""
    a, b, c = NEWTON_SCHULZ
    x = matrices / matrices.flatten(1).norm(dim=1).clamp_min(1e-7).view(-1, 1, 1)
    x = x.bfloat16() if x.is_cuda else x
    for _ in range(NEWTON_SCHULZ_STEPS):
        square = x @ x.mT
        x = a * x + (b * square + c * (square @ square)) @ x
    return x.float()


class Optimiser:
    """All parameters of a model; `matrices`: Muon for its 3x3 convolutions."""

    def __init__(self, model: nn.Module, rate: float, betas: Tuple[float, float], matrices: bool) -> None:
        named = list(model.named_parameters())
        self.matrices: List[nn.Parameter] = [p for name, p in named if matrices and is_matrix(name, p)]
        rest = [p for name, p in named if not (matrices and is_matrix(name, p))]
        device = rest[0].device
        self.on_cuda = device.type == "cuda"
        if self.on_cuda:  # in the form that a graph can record, with the learning rate on the device
            self.adam = torch.optim.Adam(rest, lr=torch.tensor(rate, device=device), betas=betas, fused=True,
                                         capturable=True)
        else:
            self.adam = torch.optim.Adam(rest, lr=rate, betas=betas)
        self.rate = torch.tensor(rate, device=device)
        self.groups: Dict[torch.Size, List[nn.Parameter]] = {}  # those of one shape take their step together
        for parameter in self.matrices:
            self.groups.setdefault(parameter.shape, []).append(parameter)
        self.momenta = [torch.zeros(len(group), *shape, device=device) for shape, group in self.groups.items()]

    def set_rate(self, rate: float) -> None:
        """The learning rate of the next steps."""
        self.rate.fill_(rate)
        for group in self.adam.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def zero_grad(self) -> None:
        """Forget the gradients."""
        self.adam.zero_grad(set_to_none=True)
        for parameter in self.matrices:
            parameter.grad = None

    @torch.no_grad()
    def step(self, finite: Tensor) -> None:
        """Change the parameters, unless `finite` [] is false. On CUDA the device decides: no branch is taken."""
        if self.on_cuda:
            self.adam.found_inf = (~finite).float()
            self.adam.step()
        elif finite:
            self.adam.step()
        for group, momentum in zip(self.groups.values(), self.momenta):
            if group[0].grad is not None:  # none while the rate proxy learns alone
                self.step_matrices(group, momentum, finite)

    def step_matrices(self, group: List[nn.Parameter], momentum: Tensor, finite: Tensor) -> None:
        """Muon for parameters of one shape; `momentum` [N, shape] is updated."""
        gradient = torch.stack([parameter.grad for parameter in group])
        gradient = torch.where(finite, gradient, torch.zeros_like(gradient))
        momentum.lerp_(gradient, 1 - MOMENTUM)
        wanted = torch.lerp(gradient, momentum, MOMENTUM).flatten(2)  # Nesterov's
        rows, columns = wanted.shape[1:]
        direction = orthogonalise(wanted) if rows <= columns else orthogonalise(wanted.mT).mT
        direction = direction * (-UPDATE_RMS * max(rows, columns) ** 0.5 * self.rate * finite)
        for parameter, change in zip(group, direction.reshape(len(group), *group[0].shape)):
            parameter.add_(change)

    def moments(self) -> Dict[str, object]:
        """What resuming needs."""
        return {"adam": self.adam.state_dict()["state"], "momenta": self.momenta}

    def load_moments(self, moments: Dict[str, object]) -> None:
        """Take over `moments`."""
        groups = self.adam.state_dict()["param_groups"]  # follow from the settings
        self.adam.load_state_dict({"state": moments["adam"], "param_groups": groups})
        for kept, given in zip(self.momenta, moments["momenta"]):
            kept.copy_(given)

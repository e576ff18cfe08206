#pragma once
#include "model/op/observation.h"
